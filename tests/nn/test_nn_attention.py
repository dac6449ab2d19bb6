import pytest
import torch

from minillm.errors import InvalidInput
from minillm.nn import Attention, attend, attention_weights, causal_mask


def draw(batch=2, heads=4, kv_heads=4, queries=5, keys=5, head_width=8, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def normal(heads, time):
        return torch.randn(batch, heads, time, head_width, dtype=torch.float64, generator=generator).requires_grad_()

    return normal(heads, queries), normal(kv_heads, keys), normal(kv_heads, keys)


def loop(query, key, value, mask):
    """Attention by three loops, for one row."""
    out = torch.zeros_like(query)
    group = query.shape[0] // key.shape[0]
    for head in range(query.shape[0]):
        for i in range(query.shape[1]):
            seen = [j for j in range(key.shape[1]) if mask[i, j]]
            if not seen:
                continue
            scores = torch.stack([query[head, i] @ key[head // group, j] for j in seen]) / query.shape[-1] ** 0.5
            weights = scores.exp() / scores.exp().sum()
            out[head, i] = sum(w * value[head // group, j] for w, j in zip(weights, seen, strict=True))
    return out


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (6, 2), (8, 1), (6, 3)])
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (3, 7), (1, 6), (6, 4)])
@pytest.mark.parametrize("explicit", [False, True])
def test_attend_equals_the_loops(heads, kv_heads, queries, keys, explicit):
    query, key, value = draw(heads=heads, kv_heads=kv_heads, queries=queries, keys=keys)
    weights = [] if explicit else None
    out = attend(query, key, value, causal=True, weights=weights)
    mask = causal_mask(queries, keys)
    for row in range(2):
        torch.testing.assert_close(out[row], loop(query[row], key[row], value[row], mask), rtol=0, atol=1e-12)


@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("kv_heads", [4, 2])
def test_rows_that_see_nothing_are_zero_and_have_no_nan_in_their_gradient(explicit, kv_heads):
    query, key, value = draw(kv_heads=kv_heads)
    mask = torch.ones(2, 1, 5, 5, dtype=torch.bool)
    mask[0, 0, 2] = False
    mask[1] = False
    out = attend(query, key, value, mask=mask, weights=[] if explicit else None)
    assert (out[0, :, 2] == 0).all()
    assert (out[1] == 0).all()
    assert (out[0, :, 1] != 0).all()
    for gradient in torch.autograd.grad(out.square().sum(), (query, key, value)):
        assert gradient.isfinite().all()
        assert gradient[0].abs().max() > 0


def test_more_queries_than_keys_leaves_the_first_rows_zero():
    query, key, value = draw(queries=6, keys=4)
    out = attend(query, key, value, causal=True)
    assert (out[:, :, :2] == 0).all()
    torch.testing.assert_close(out[:, :, 2:], attend(query[:, :, 2:], key, value, causal=True), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("heads", "kv_heads"), [(6, 2), (8, 1)])
@pytest.mark.parametrize("queries", [1, 4])
def test_grouped_queries_equal_repeated_keys_with_gradients(heads, kv_heads, queries):
    query, key, value = draw(heads=heads, kv_heads=kv_heads, queries=queries, keys=7)
    mask = torch.rand(2, 1, 1, 7, generator=torch.Generator().manual_seed(1)) < 0.7
    group = heads // kv_heads
    ours = attend(query, key, value, mask=mask, causal=True)
    repeated = attend(query, key.repeat_interleave(group, 1), value.repeat_interleave(group, 1), mask=mask, causal=True)
    torch.testing.assert_close(ours, repeated, rtol=0, atol=1e-12)
    seed = torch.randn_like(ours)
    left = torch.autograd.grad(ours, (query, key, value), seed)
    right = torch.autograd.grad(repeated, (query, key, value), seed)
    for mine, other in zip(left, right, strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("queries", [1, 3])
def test_a_bias_is_added_to_the_scores(queries):
    query, key, value = draw(heads=4, kv_heads=2, queries=queries, keys=5)
    bias = torch.randn(4, queries, 5, dtype=torch.float64)
    mask = causal_mask(queries, 5)
    scores = query @ key.repeat_interleave(2, 1).transpose(-2, -1) / 8**0.5 + bias
    expected = scores.masked_fill(~mask, -torch.inf).softmax(-1) @ value.repeat_interleave(2, 1)
    for weights in (None, []):
        out = attend(query, key, value, causal=True, bias=bias[None], weights=weights)
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)


def test_the_scale_is_the_head_width_not_the_model_width():
    query, key, _ = draw(head_width=64, queries=200, keys=200)
    scores = attention_weights(query, key).log()
    spread = (scores - scores.mean(-1, keepdim=True)).std()
    assert 0.95 < spread < 1.05


def test_weights_are_listed_before_dropout():
    torch.manual_seed(0)
    layer = Attention(8, 2, dropout=0.5)
    weights = []
    layer(torch.randn(1, 6, 8), weights=weights)
    torch.testing.assert_close(weights[0].sum(-1), torch.ones(1, 2, 6))


def test_dropout_rests_in_evaluation_and_keeps_the_mean_in_training():
    torch.manual_seed(0)
    layer = Attention(8, 2, dropout=0.3)
    x = torch.randn(1, 6, 8)
    with torch.no_grad():
        drawn = torch.stack([layer(x) for _ in range(400)])
        exact = layer.eval()(x)
        assert torch.equal(exact, layer(x))
    assert drawn.std(0).min() > 1e-3
    torch.testing.assert_close(drawn.mean(0), exact, rtol=0, atol=0.1)


def test_attention_without_mask_is_equivariant_under_permutation():
    torch.manual_seed(0)
    layer = Attention(16, 4, kv_heads=2).double()
    x = torch.randn(2, 7, 16, dtype=torch.float64)
    order = torch.randperm(7)
    torch.testing.assert_close(layer(x)[:, order], layer(x[:, order]), rtol=0, atol=1e-12)
    assert (layer(x, causal=True)[:, order] - layer(x[:, order], causal=True)).abs().max() > 1e-3


def test_cross_attention_reads_the_memory_only_and_keys_may_be_projected_before():
    torch.manual_seed(0)
    layer = Attention(16, 4).double()
    x, memory = torch.randn(2, 3, 16, dtype=torch.float64), torch.randn(2, 5, 16, dtype=torch.float64)
    out = layer(x, memory)
    torch.testing.assert_close(layer(x, layer.keys_values(memory)), out, rtol=0, atol=1e-14)
    torch.testing.assert_close(layer(x[:, 1:2], memory), out[:, 1:2], rtol=0, atol=1e-12)
    assert (layer(x, memory + 1) - out).abs().max() > 1e-2


def test_multi_query_parameters_are_the_books():
    def count(**options):
        return sum(p.numel() for n, p in Attention(768, 8, **options).named_parameters() if "output" not in n)

    assert count() == 1_771_776
    assert count(kv_heads=1) == 738_240


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"width": 10, "heads": 4}, "multiple"),
        ({"width": 12, "heads": 6, "kv_heads": 4}, "divisor"),
        ({"width": 12, "heads": 6, "kv_heads": 0}, "divisor"),
        ({"width": 12, "heads": 0}, "divisor"),
    ],
)
def test_heads_that_do_not_divide_are_refused(arguments, told):
    with pytest.raises(InvalidInput, match=told):
        Attention(**arguments)


def test_half_precision_is_trained_by_float32_products():
    generator = torch.Generator().manual_seed(0)
    exact = [torch.randn(2, 4, 16, 8, generator=generator).bfloat16().float().requires_grad_() for _ in range(3)]
    half = [x.detach().bfloat16().requires_grad_() for x in exact]
    with torch.autocast("cpu", torch.bfloat16):
        mixed = attend(*half, causal=True)
    assert mixed.dtype == torch.bfloat16
    attend(*exact, causal=True).sum().backward()
    mixed.sum().backward()
    for low, high in zip(half, exact, strict=True):
        # One rounding to bfloat16, not the several of a product in it.
        torch.testing.assert_close(low.grad, high.grad.bfloat16(), rtol=2**-7, atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_norms_of_queries_and_keys_take_autocast():
    layer = Attention(16, 2, qk_norm=True)
    with torch.autocast("cpu", torch.bfloat16):
        layer(torch.randn(1, 4, 16), causal=True).float().sum().backward()
    assert torch.isfinite(layer.query_norm.weight.grad).all()
