"""Norms, feed-forward layers, masks, blocks and caches."""

import pytest
import torch
import torch.nn.functional as F

from minillm.errors import InvalidInput
from minillm.nn import (
    ACTIVATIONS,
    Attention,
    Block,
    FeedForward,
    GatedFeedForward,
    KVCache,
    LayerNorm,
    RMSNorm,
    causal_mask,
    gated_width,
    gelu_tanh,
    initialize,
    padding_mask,
    positions_from_mask,
    swish,
    visibility,
)


def randomized(module):
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return module.double()


def test_layer_norm_is_the_populations_with_epsilon_inside():
    norm, x = randomized(LayerNorm(6, eps=0.1)), torch.randn(3, 6, dtype=torch.float64)
    centred = x - x.mean(-1, keepdim=True)
    expected = norm.weight * centred / (centred.square().mean(-1, keepdim=True) + 0.1).sqrt() + norm.bias
    torch.testing.assert_close(norm(x), expected, rtol=0, atol=1e-12)
    assert LayerNorm(6, bias=False).bias is None


def test_rms_norm_and_its_fixture():
    norm, x = randomized(RMSNorm(6, eps=0.1)), torch.randn(3, 6, dtype=torch.float64)
    expected = norm.weight * x / (x.square().mean(-1, keepdim=True) + 0.1).sqrt()
    torch.testing.assert_close(norm(x), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(RMSNorm(2, eps=0.0)(torch.tensor([3.0, 4.0])), torch.tensor([0.848528, 1.131371]))


def test_rms_norm_gradients():
    norm = randomized(RMSNorm(5, eps=1e-3))
    x = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, w: torch.func.functional_call(norm, {"weight": w}, (x,)), (x, norm.weight)
    )
    assert torch.autograd.gradgradcheck(lambda x: norm(x), (x,))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_rms_norm_of_large_half_precision_numbers_does_not_overflow(dtype):
    x = torch.tensor([30000.0, -40000.0, 500.0, 0.0], dtype=dtype)
    assert x.square().isinf().any() or dtype == torch.bfloat16
    norm = RMSNorm(4).to(dtype)
    out = norm(x)
    assert out.dtype == dtype
    torch.testing.assert_close(out.float(), RMSNorm(4)(x.float()), rtol=1e-2, atol=1e-3)


def test_rms_norm_ignores_scale_but_not_shift():
    norm, x = RMSNorm(8, eps=0.0).double(), torch.randn(4, 8, dtype=torch.float64)
    torch.testing.assert_close(norm(7 * x), norm(x), rtol=0, atol=1e-12)
    assert (norm(x + 1) - norm(x)).abs().max() > 0.1
    layer = LayerNorm(8, eps=0.0).double()
    torch.testing.assert_close(layer(7 * x + 3), layer(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_feed_forward_layers_follow_their_equations(name):
    f, x = ACTIVATIONS[name], torch.randn(2, 3, 4, dtype=torch.float64)
    plain = randomized(FeedForward(4, 6, activation=name))
    hidden = f(x @ plain.up.weight.T + plain.up.bias)
    torch.testing.assert_close(plain(x), hidden @ plain.down.weight.T + plain.down.bias, rtol=0, atol=1e-12)
    gated = randomized(GatedFeedForward(4, 6, activation=name))
    hidden = f(x @ gated.gate.weight.T) * (x @ gated.up.weight.T)
    torch.testing.assert_close(gated(x), hidden @ gated.down.weight.T, rtol=0, atol=1e-12)


def test_gelu_by_the_sigmoid_is_gelu_by_the_tanh():
    x = torch.linspace(-9, 9, 20001, dtype=torch.float64, requires_grad=True)
    ours, theirs = gelu_tanh(x), F.gelu(x, approximate="tanh")
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-13)
    left, right = (torch.autograd.grad(y.square().sum(), x, create_graph=True)[0] for y in (ours, theirs))
    torch.testing.assert_close(left, right, rtol=0, atol=1e-12)
    (plain,) = torch.autograd.grad(gelu_tanh(x).square().sum(), x)
    torch.testing.assert_close(plain, right, rtol=0, atol=1e-12)
    left, right = (torch.autograd.grad(y.square().sum(), x)[0] for y in (left, right))
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10)
    assert torch.equal(gelu_tanh(x.bfloat16()), F.gelu(x.bfloat16(), approximate="tanh"))


def test_swish_has_the_limits_that_the_book_misses():
    x = torch.linspace(-5, 5, 101, dtype=torch.float64)
    torch.testing.assert_close(swish(x, 1e-9), x / 2, rtol=0, atol=1e-7)
    torch.testing.assert_close(swish(x, 1e9), F.relu(x), rtol=0, atol=1e-7)
    fine = torch.linspace(-1.3, -1.25, 50001, dtype=torch.float64)
    assert fine[swish(fine).argmin()] == pytest.approx(-1.27846, abs=1e-5)
    assert swish(fine).min() == pytest.approx(-0.278465, abs=1e-6)


def test_widths_and_activations():
    assert [gated_width(d) for d in (4096, 5120, 6656, 8192)] == [11008, 13824, 17920, 22016]
    with pytest.raises(InvalidInput, match="'mish'"):
        FeedForward(4, activation="mish")
    with pytest.raises(InvalidInput, match="1 or more"):
        gated_width(0)


@pytest.mark.parametrize("layer", [FeedForward, GatedFeedForward])
def test_feed_forward_dropout_rests_in_evaluation(layer):
    torch.manual_seed(0)
    part, x = layer(8, 32, dropout=0.5), torch.randn(1, 3, 8)
    assert not torch.equal(part(x), part(x))
    assert torch.equal(part.eval()(x), part(x))


def test_masks_against_fixtures():
    assert causal_mask(3).int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(2, 4).int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert causal_mask(3, 2).int().tolist() == [[0, 0], [1, 0], [1, 1]]
    assert causal_mask(4, window=2).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert causal_mask(1, 4, window=2).int().tolist() == [[0, 0, 1, 1]]
    ids = torch.tensor([[0, 0, 5, 6], [7, 8, 9, 0]])
    assert padding_mask(ids, 0).int().tolist() == [[0, 0, 1, 1], [1, 1, 1, 0]]
    assert positions_from_mask(padding_mask(ids, 0)).tolist() == [[0, 0, 0, 1], [0, 1, 2, 2]]
    with pytest.raises(InvalidInput, match="window is 0"):
        causal_mask(2, window=0)


@pytest.mark.parametrize("queries", [1, 3, 6])
@pytest.mark.parametrize("window", [None, 2, 6])
@pytest.mark.parametrize("padded", [False, True])
def test_visibility_is_the_full_mask_in_its_cheapest_form(queries, window, padded):
    padding = torch.tensor([[False, True, True, True, True, True]]) if padded else None
    see = visibility(queries, 6, causal=True, window=window, padding=padding)
    full = causal_mask(queries, 6, window=window)[None, None]
    full = full & padding[:, None, None, :] if padded else full
    given = torch.ones_like(full) if see.mask is None else see.mask.expand_as(full)
    given = given & causal_mask(queries, 6) if see.causal else given
    assert torch.equal(given, full)
    if not padded and window != 2 and queries != 3:
        assert see.mask is None


def test_visibility_refuses_what_makes_no_sense():
    with pytest.raises(InvalidInput, match="without causality"):
        visibility(3, 3, causal=False, window=2)
    with pytest.raises(InvalidInput, match="2 positions, but there are 3 keys"):
        visibility(3, 3, causal=False, padding=torch.ones(1, 2, dtype=torch.bool))


@pytest.fixture
def parts():
    torch.manual_seed(0)
    return Attention(8, 2), FeedForward(8), lambda: LayerNorm(8)


@pytest.mark.parametrize("order", ["pre", "post", "parallel"])
def test_blocks_follow_their_equations(parts, order):
    block = randomized(Block(*parts, order=order))
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    attention, feedforward, first, second = (
        lambda x: block.attention(x, causal=True),
        block.feedforward,
        block.attention_norm,
        block.feedforward_norm,
    )
    if order == "pre":
        middle = x + attention(first(x))
        expected = middle + feedforward(second(middle))
    elif order == "post":
        middle = first(x + attention(x))
        expected = second(middle + feedforward(middle))
    else:
        assert second is None
        expected = x + attention(first(x)) + feedforward(first(x))
    torch.testing.assert_close(block(x, causal=True), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", ["pre", "post"])
def test_cross_attention_stands_between(parts, order):
    block = randomized(Block(*parts, order=order, cross=Attention(8, 2)))
    x, memory = torch.randn(2, 5, 8, dtype=torch.float64), torch.randn(2, 4, 8, dtype=torch.float64)
    if order == "pre":
        middle = x + block.attention(block.attention_norm(x))
        middle = middle + block.cross(block.cross_norm(middle), memory)
        expected = middle + block.feedforward(block.feedforward_norm(middle))
    else:
        middle = block.attention_norm(x + block.attention(x))
        middle = block.cross_norm(middle + block.cross(middle, memory))
        expected = block.feedforward_norm(middle + block.feedforward(middle))
    torch.testing.assert_close(block(x, memory=memory), expected, rtol=0, atol=1e-12)
    with pytest.raises(InvalidInput, match="both or neither"):
        block(x)


def test_blocks_that_cannot_be_are_refused(parts):
    with pytest.raises(InvalidInput, match="'middle'"):
        Block(*parts, order="middle")
    with pytest.raises(InvalidInput, match="no cross-attention"):
        Block(*parts, order="parallel", cross=Attention(8, 2))
    with pytest.raises(InvalidInput, match="both or neither"):
        Block(*parts)(torch.zeros(1, 2, 8), memory=torch.zeros(1, 2, 8))


def test_block_dropout_rests_in_evaluation(parts):
    block, x = Block(*parts, dropout=0.5), torch.randn(1, 3, 8)
    assert not torch.equal(block(x), block(x))
    assert torch.equal(block.eval()(x), block(x))


def test_initial_weights_have_the_papers_spread():
    torch.manual_seed(0)
    layer = Block(Attention(256, 4), FeedForward(256), lambda: LayerNorm(256))
    initialize(layer, std=0.02, residual_layers=8)
    assert layer.attention.query.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert layer.feedforward.up.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert layer.attention.output.weight.std().item() == pytest.approx(0.005, rel=0.03)
    assert layer.feedforward.down.weight.std().item() == pytest.approx(0.005, rel=0.03)
    assert not layer.attention.query.bias.any()


def test_the_cache_counts_its_positions_and_bytes():
    cache = KVCache(layers=2, batch=3, kv_heads=2, length=5, head_width=4, dtype=torch.float16)
    assert (cache.batch, cache.length, cache.capacity, cache.bytes) == (3, 0, 5, 2 * 2 * 3 * 2 * 5 * 4 * 2)
    keys = torch.randn(3, 2, 2, 4).half()
    held, _ = cache.layer(0).append(keys, keys)
    assert torch.equal(held, keys)
    assert held.data_ptr() == cache.keys[0].data_ptr()
    cache.advance(2)
    held, _ = cache.layer(0).append(keys[:, :, :1], keys[:, :, :1])
    assert torch.equal(held, torch.cat((keys, keys[:, :, :1]), 2))
    cache.advance(1)
    with pytest.raises(InvalidInput, match="3 of 5"):
        cache.reserve(3)
    with pytest.raises(InvalidInput, match="cannot keep 4"):
        cache.truncate(4)
    with pytest.raises(InvalidInput, match="1 or more"):
        KVCache(1, 0, 1, 1, 1)
