"""Errata of the book's section 2.2: the printed version fails, the corrected one holds."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm.models import Transformer, TransformerConfig
from minillm.nn import (
    Attention,
    FeedForward,
    LayerNorm,
    SinusoidalPositions,
    attend,
    attention_weights,
    causal_mask,
    padding_mask,
    sinusoidal_positions,
)
from minillm.nn.flash import flash_attention


def positions(length: int, width: int, *, doubled: bool, other: bool) -> Tensor:
    """The listing's table: the exponent doubled, and the cosine at the frequency of the next index."""
    k = torch.arange(0, width, 2, dtype=torch.float64)
    p = torch.arange(length, dtype=torch.float64)[:, None]
    factor = 2 if doubled else 1
    sine = (p * 10000 ** (-factor * k / width)).sin()
    cosine = (p * 10000 ** (-factor * (k + other) / width)).cos()
    return torch.stack((sine, cosine), dim=-1).flatten(1)


def worst_pair(table: Tensor, shift: int) -> float:
    """How badly the best 2 x 2 matrix takes each pair at p to the same pair at p + shift: the worst mean square."""
    errors = []
    for pair in table.unflatten(1, (-1, 2)).unbind(1):
        turn = torch.linalg.lstsq(pair[:-shift], pair[shift:]).solution
        errors.append(float((pair[:-shift] @ turn - pair[shift:]).square().mean()))
    return max(errors)


def offset_spread(table: Tensor, offset: int) -> float:
    """Standard deviation, over positions, of the inner product of vectors at a fixed offset."""
    return float((table[:-offset] * table[offset:]).sum(dim=1).std())


def test_e5_a_shift_turns_every_pair() -> None:
    right = sinusoidal_positions(200, 64, dtype=torch.float64)
    wrong = positions(200, 64, doubled=True, other=True)
    torch.testing.assert_close(right, positions(200, 64, doubled=False, other=False))
    for shift in (1, 7, 40):
        assert worst_pair(right, shift) < 1e-20
        assert offset_spread(right, shift) < 1e-10
        assert worst_pair(wrong, shift) > 0.001
        assert offset_spread(wrong, shift) > 0.5
    torch.testing.assert_close(right.square().sum(dim=1), torch.full((200,), 32.0, dtype=torch.float64))
    assert wrong.square().sum(dim=1).std() > 0.5, "the printed vectors differ in length"
    # The two faults apart: the cosine's frequency is what breaks the rotation.
    assert worst_pair(positions(200, 64, doubled=False, other=True), 7) > 0.1
    # The doubled exponent alone is the right table for a base of 10,000 squared: most waves are far too long.
    doubled = positions(200, 64, doubled=True, other=False)
    torch.testing.assert_close(doubled, sinusoidal_positions(200, 64, base=1e8, dtype=torch.float64))
    still = [int((table[:80].amax(0) - table[:80].amin(0) < 0.05).sum()) for table in (right, doubled)]
    assert still[1] > 2 * still[0]


def test_e6a_the_class_takes_the_dropout_it_is_given() -> None:
    class Positions(nn.Module):
        def __init__(self, width: int, length: int = 80) -> None:
            super().__init__()

    with pytest.raises(TypeError, match="dropout"):
        Positions(64, dropout=0.1)
    model = Transformer(replace(TransformerConfig.tiny(), encoder_layers=1, dropout=0.5))
    source = torch.arange(8)[None]
    embedded = model._embed(source, model.source_embedding, 0, None)
    assert 0.2 < (embedded == 0).float().mean() < 0.8, "half of the sums of embedding and position are dropped"
    assert not (model.eval()._embed(source, model.source_embedding, 0, None) == 0).any()


def test_e6b_positions_follow_the_data() -> None:
    x = torch.ones(1, 5, 8)
    table = sinusoidal_positions(5, 8)
    # Without a GPU .cuda() fails; with one, the sum of a CPU tensor and a CUDA tensor does.
    with pytest.raises((AssertionError, RuntimeError)):
        x + table.cuda()
    assert torch.equal(x + SinusoidalPositions(8)(0, 5, None, x), x + table)
    elsewhere = torch.ones(1, 5, 8, device="meta", dtype=torch.float64)
    moved = SinusoidalPositions(8)(0, 5, None, elsewhere)
    assert (moved.device, moved.dtype) == (elsewhere.device, elsewhere.dtype)


def test_e6c_an_odd_width_ends_in_a_sine() -> None:
    def printed(width: int) -> Tensor:
        table = torch.zeros(3, width)
        for k in range(0, width, 2):
            table[:, k] = (torch.arange(3) * 10000 ** (-k / width)).sin()
            table[:, k + 1] = (torch.arange(3) * 10000 ** (-k / width)).cos()
        return table

    torch.testing.assert_close(printed(6), sinusoidal_positions(3, 6))
    with pytest.raises(IndexError):
        printed(5)
    right = sinusoidal_positions(3, 5)
    assert right.shape == (3, 5)
    torch.testing.assert_close(right[:, 4], (torch.arange(3) * 10000 ** (-4 / 5)).sin())


def test_e6d_variable_changes_nothing() -> None:
    table = sinusoidal_positions(3, 4)
    wrapped = torch.autograd.Variable(table, requires_grad=False)
    assert type(wrapped) is Tensor
    assert wrapped.data_ptr() == table.data_ptr()
    assert not table.requires_grad


def test_e7_scores_are_scaled_by_the_width_of_a_head() -> None:
    generator = torch.Generator().manual_seed(0)
    heads, width = 8, 512
    query, key = torch.randn(2, 1, heads, 128, width // heads, generator=generator)
    scores = query @ key.transpose(-2, -1)
    wrong, right = scores / width**0.5, scores / (width // heads) ** 0.5
    assert float(wrong.std()) == pytest.approx(1 / heads**0.5, rel=0.03)
    assert float(right.std()) == pytest.approx(1, rel=0.03)
    torch.testing.assert_close(attention_weights(query, key), right.softmax(-1))
    assert (attention_weights(query, key) - wrong.softmax(-1)).abs().max() > 0.01


def test_e8_there_is_a_value_for_every_position() -> None:
    time, width, value_width = 5, 12, 4
    query, key = torch.randn(2, 1, 1, time, width)
    weights = attention_weights(query, key)
    with pytest.raises(RuntimeError):
        weights @ torch.randn(1, 1, width, value_width)
    value = torch.randn(1, 1, time, value_width)
    torch.testing.assert_close(flash_attention(query, key, value), weights @ value)


def test_e9_gradients_vanish_and_never_explode() -> None:
    generator = torch.Generator().manual_seed(0)
    typical: dict[str, list[float]] = {"unscaled": [], "scaled": []}
    for width in (64, 256, 1024):
        scores = torch.einsum(
            "nd,nkd->nk",
            torch.randn(200, width, generator=generator),
            torch.randn(200, 64, width, generator=generator),
        )
        for name, argument in (("unscaled", scores), ("scaled", scores / width**0.5)):
            p = argument.softmax(-1)
            jacobian = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
            assert torch.linalg.matrix_norm(jacobian, 2).max() <= 0.5 + 1e-6, "no derivative of a softmax explodes"
            typical[name].append(float(jacobian.flatten(1).norm(dim=1).median()))
    assert typical["unscaled"][0] > 4 * typical["unscaled"][1] > 100 * typical["unscaled"][2]
    assert max(typical["scaled"]) < 1.1 * min(typical["scaled"])


def test_e10_a_method_is_no_function() -> None:
    class Heads:
        def attention(q, k, v):
            return attend(q, k, v)

        def forward(self, q, k, v):
            return attention(q, k, v)

    x = torch.randn(1, 2, 3, 4)
    with pytest.raises(NameError, match="attention"):
        Heads().forward(x, x, x)
    with pytest.raises(TypeError, match="positional"):  # with self. before the call, self is taken for q
        Heads().attention(x, x, x)
    assert Attention(8, 2)(torch.randn(1, 3, 8)).shape == (1, 3, 8)


def test_e11_the_layer_returns_what_it_computes() -> None:
    class Layer(FeedForward):
        def forward(self, x):
            super().forward(x)

    x = torch.randn(1, 3, 8)
    assert Layer(8)(x) is None
    with pytest.raises(TypeError):
        x + Layer(8)(x)
    layer = FeedForward(8, activation="relu")
    torch.testing.assert_close(
        layer(x), F.relu(x @ layer.up.weight.T + layer.up.bias) @ layer.down.weight.T + layer.down.bias
    )


def test_e12_sigma_is_the_standard_deviation() -> None:
    x = torch.randn(6, 16, generator=torch.Generator().manual_seed(0)) * 5
    norm = LayerNorm(16, eps=0.0)

    def by_variance(x: Tensor) -> Tensor:
        return (x - x.mean(-1, keepdim=True)) / x.var(-1, correction=0, keepdim=True)

    ones = torch.ones(6)
    torch.testing.assert_close(norm(x).var(-1, correction=0), ones)
    assert (by_variance(x).var(-1, correction=0) < 0.2).all()
    torch.testing.assert_close(norm(10 * x), norm(x))
    torch.testing.assert_close(by_variance(10 * x), by_variance(x) / 10)


@pytest.mark.parametrize("width", [4, 512])
def test_e13a_the_deviation_divides_by_the_width(width: int) -> None:
    x = torch.randn(3, width, dtype=torch.float64)
    wrong = (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6)
    right = LayerNorm(width, eps=1e-12).double()(x)
    torch.testing.assert_close(right.square().mean(-1), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(wrong / right, torch.full_like(x, ((width - 1) / width) ** 0.5), atol=1e-4, rtol=0)
    assert (wrong - right).abs().max() > 1e-4


def test_e13b_epsilon_stands_inside_the_root() -> None:
    x = torch.tensor([[1.0, -1.0, 1.0, -1.0]], dtype=torch.float64) * 1e-4
    deviation = x.std(-1, correction=0, keepdim=True)
    wrong, right = x / (deviation + 1e-6), LayerNorm(4, eps=1e-6).double()(x).detach()
    assert float(right.abs().max()) == pytest.approx(1e-4 / math.sqrt(1e-8 + 1e-6))
    assert float(wrong.abs().max()) == pytest.approx(1e-4 / (1e-4 + 1e-6))
    assert wrong.abs().max() > 9 * right.abs().max()


def test_e13c_one_name_for_one_class() -> None:
    class NormLayer(nn.Module): ...

    class Layer(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm = Norm(width)

    with pytest.raises(NameError, match="Norm"):
        Layer(8)
    model = Transformer(replace(TransformerConfig.tiny(), norm="pre"))
    assert all(type(block.attention_norm) is LayerNorm for block in model.encoder_blocks)


def test_e14a_the_listings_normalize_before() -> None:
    source, target = torch.arange(6)[None], torch.arange(5)[None]
    as_drawn = Transformer(TransformerConfig.tiny())
    as_listed = Transformer(replace(TransformerConfig.tiny(), norm="pre"))
    assert (as_drawn.encoder_norm, TransformerConfig.base().norm) == (None, "post")
    assert as_listed.encoder_norm is not None
    # The same weights in both orders: two functions, and the drawn one ends in a norm by itself.
    as_listed.load_state_dict(as_drawn.state_dict(), strict=False)
    assert (as_drawn(source, target) - as_listed(source, target)).abs().max() > 0.1
    memory = as_drawn.encoder_blocks[-1](torch.randn(1, 6, 32) * 3)
    torch.testing.assert_close(memory.var(-1, correction=0), torch.ones(1, 6), atol=1e-3, rtol=0)
    assert as_listed.encoder_blocks[-1](torch.randn(1, 6, 32) * 3).var(-1).min() > 2


def test_e14b_what_the_listings_call_must_exist() -> None:
    class Encoder(nn.Module):
        def __init__(self, vocab: int, width: int, layers: int) -> None:
            super().__init__()
            self.embed = Embedder(vocab, width)
            self.layers = get_clones(nn.Identity(), layers)

    with pytest.raises(NameError, match="Embedder"):
        Encoder(10, 8, 2)
    with pytest.raises(NameError, match="create_masks"):
        create_masks(torch.ones(1, 3), torch.ones(1, 3))
    ids = torch.tensor([[5, 7, 0]])
    mask = causal_mask(3) & padding_mask(ids, 0)[:, None, :]
    assert mask.tolist() == [[[True, False, False], [True, True, False], [True, True, False]]]
