"""Errata of the book's section 2.4.1 (LLaMA): the printed version fails, the corrected one holds."""

import pytest
import torch
from torch import Tensor

from minillm.models import GPT, GPTConfig, Llama, LlamaConfig
from minillm.nn import (
    LayerNorm,
    RMSNorm,
    rotary_frequencies,
    rotate_half_split,
    rotate_interleaved,
    rotation,
    sinusoidal_positions,
    swish,
)

WIDTH, LENGTH = 32, 24


def test_e33_gpt2_subtracts_the_mean() -> None:
    gpt, llama = GPT(GPTConfig.tiny()), Llama(LlamaConfig.tiny())
    assert {type(block.attention_norm) for block in gpt.blocks} == {LayerNorm}
    assert {type(block.attention_norm) for block in llama.blocks} == {RMSNorm}
    x = torch.randn(4, WIDTH, generator=torch.Generator().manual_seed(0))
    layer, root = LayerNorm(WIDTH), RMSNorm(WIDTH)
    torch.testing.assert_close(layer(x + 3), layer(x), atol=1e-4, rtol=0)
    assert (root(x + 3) - root(x)).abs().max() > 0.5
    torch.testing.assert_close(root(3 * x), root(x), atol=1e-4, rtol=0)


def test_e34a_rmsnorm_has_a_gain_and_no_shift() -> None:
    norm = RMSNorm(WIDTH)
    assert [name for name, _ in norm.named_parameters()] == ["weight"]
    x = torch.randn(3, WIDTH)
    torch.testing.assert_close(norm(-x), -norm(x))
    assert torch.equal(norm(torch.zeros(1, WIDTH)), torch.zeros(1, WIDTH))

    def printed(x: Tensor, shift: Tensor) -> Tensor:
        return norm(x) + shift

    assert (printed(-x, torch.ones(WIDTH)) + printed(x, torch.ones(WIDTH))).min() > 1
    assert printed(torch.zeros(1, WIDTH), torch.ones(WIDTH)).min() == 1


def test_e34b_epsilon_keeps_zero_from_nan() -> None:
    x = torch.zeros(1, 4, requires_grad=True)
    assert (x / x.square().mean(-1, keepdim=True).sqrt()).isnan().all()
    result = RMSNorm(4)(x)
    result.sum().backward()
    assert torch.equal(result.detach(), torch.zeros(1, 4))
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_e34c_two_slashes_divide() -> None:
    with pytest.raises(SyntaxError):
        compile("// the mean of squares\nx = 1", "listing", "exec")
    with pytest.raises(NameError, match="权重"):  # one word after the slashes is a divisor
        exec("x = 1 // 权重", {})
    exec("x = 1  # 权重", {})


def test_e35a_at_beta_zero_swish_is_half_the_identity() -> None:
    x = torch.linspace(-4, 4, 33)
    printed, right = x, x / 2
    torch.testing.assert_close(swish(x, beta=0.0), right)
    for beta in (1e-1, 1e-2, 1e-3):
        assert (swish(x, beta=beta) - right).abs().max() <= 4.01 * beta  # x squared times beta / 4, to first order
        assert (swish(x, beta=beta) - printed).abs().max() > 1
    torch.testing.assert_close(swish(x, beta=1e4), x.relu())


def scores(rotated: Tensor) -> Tensor:
    """Products of all pairs of rows."""
    return rotated @ rotated.T


def unevenness(products: Tensor) -> float:
    """By how much products at one distance differ from one another, at worst."""
    return max(
        float(diagonal.max() - diagonal.min())
        for offset in range(1 - LENGTH, LENGTH)
        for diagonal in [products.diagonal(offset)]
    )


def same_vector() -> Tensor:
    """One vector at every position, so that products differ by position only."""
    return torch.randn(WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).expand(LENGTH, WIDTH)


def test_e36a_the_frequencies_fall_geometrically() -> None:
    frequencies = rotary_frequencies(WIDTH, dtype=torch.float64)
    expected = torch.tensor([10000 ** (-2 * i / WIDTH) for i in range(WIDTH // 2)], dtype=torch.float64)
    torch.testing.assert_close(frequencies, expected)
    # Equation (2.38) holds for any angles; with one for all pairs, some distance looks like another.
    x, place = same_vector(), torch.arange(LENGTH, dtype=torch.float64)[:, None]
    equal = torch.full_like(frequencies, 2 * torch.pi / 6)
    rows = [scores(rotate_interleaved(x, place * angles))[0] for angles in (frequencies, equal)]
    assert unevenness(scores(rotate_interleaved(x, place * equal))) < 1e-10
    torch.testing.assert_close(rows[1][6:], rows[1][:-6])
    assert (rows[0][1:] < rows[0][0] - 0.1).all(), "with falling frequencies no distance looks like 0"


def test_e36b_distance_is_the_requirement() -> None:
    x = same_vector()
    added = x + sinusoidal_positions(LENGTH, WIDTH, dtype=torch.float64)
    angles = torch.arange(LENGTH, dtype=torch.float64)[:, None] * rotary_frequencies(WIDTH, dtype=torch.float64)
    rotated = rotate_interleaved(x, angles)
    # Both are functions of a vector and its position, which is all that (2.35) asks.
    assert unevenness(scores(added)) > 1
    assert unevenness(scores(rotated)) < 1e-10
    assert (scores(rotated)[0] - scores(rotated)[0, 0]).abs().max() > 1, "and yet products depend on the distance"


def turned(x: Tensor, cut: int) -> Tensor:
    """The element-wise rotation of (2.38), with the vector cut in two at a dimension."""
    angles = torch.arange(LENGTH, dtype=x.dtype)[:, None] * rotary_frequencies(WIDTH, dtype=x.dtype).repeat(2)
    return x * angles.cos() + torch.cat((-x[..., cut:], x[..., :cut]), dim=-1) * angles.sin()


def test_e37_halves_are_cut_in_the_middle() -> None:
    x = same_vector()
    turn = rotation(torch.arange(LENGTH), rotary_frequencies(WIDTH, dtype=torch.float64))
    right, printed = rotate_half_split(x[None, None], turn)[0, 0], turned(x, cut=-1)
    torch.testing.assert_close(right, turned(x, cut=WIDTH // 2))
    assert printed.shape == right.shape, "nothing crashes"
    length = float(x[0].norm())
    torch.testing.assert_close(right.norm(dim=-1), torch.full((LENGTH,), length, dtype=torch.float64))
    assert unevenness(scores(right)) < 1e-10
    assert (printed.norm(dim=-1) - length).abs().max() > 0.05 * length
    assert unevenness(scores(printed)) > 1
