"""One head after the other, cut out with slices, in double precision."""

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

EXACT, SINGLE = {"rtol": 1e-9, "atol": 1e-10}, {"rtol": 1e-4, "atol": 1e-5}
# heads, groups, width of a head
SIZES = [(4, 2, 3), (6, 2, 2), (6, 3, 1), (8, 2, 4), (5, 1, 2)]


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def own(i, d):
    return slice(i * d, (i + 1) * d)


def pooled(weight, heads, groups):
    d, size = weight.shape[-1] // heads, heads // groups
    means = [
        sum(weight[..., own(j * size + i, d)] for i in range(size)) / size
        for j in range(groups)
    ]
    return torch.cat(means, dim=-1)


def repeated(weight, groups, heads):
    d = weight.shape[-1] // groups
    copies = [weight[..., own(i // (heads // groups), d)] for i in range(heads)]
    return torch.cat(copies, dim=-1)


def dealt(weight, groups, heads):
    """Heads in turn instead of side by side."""
    d = weight.shape[-1] // groups
    return torch.cat([weight[..., own(i % groups, d)] for i in range(heads)], dim=-1)


def layer(x, wq, wk, wv, wo, heads, spread=repeated, mask=True, scale=None):
    """With every key and value head written out."""
    d, time = wq.shape[1] // heads, x.shape[1]
    wk, wv = (spread(w, w.shape[1] // d, heads) for w in (wk, wv))
    future = torch.ones(time, time, dtype=torch.bool).triu(1) & mask
    mixed = []
    for i in range(heads):
        q, k, v = (x @ w[:, own(i, d)] for w in (wq, wk, wv))
        scores = (q @ k.mT * (scale or d**-0.5)).masked_fill(future, -torch.inf)
        mixed.append(scores.softmax(dim=-1) @ v)
    return torch.cat(mixed, dim=-1) @ wo


def weights(rng, heads, groups, d, width=None):
    width = width or heads * d
    q, o = (
        draw(rng, width, heads * d) / width**0.5,
        draw(rng, heads * d, width) / heads**0.5,
    )
    return q, draw(rng, width, groups * d), draw(rng, width, groups * d), o


def as_columns(weight, heads, groups):
    """Every heads-th column taken for one head."""
    return weight.unflatten(-1, (-1, groups, heads // groups)).mean(dim=-1).flatten(-2)


def test_pool(submission, rng):
    for heads, groups, d in SIZES:
        for lead in ((), (7,), (2, 3)):
            weight = draw(rng, *lead, heads * d)
            right, size = pooled(weight, heads, groups), heads // groups
            split = weight.unflatten(-1, (size, groups, d))
            causes = {
                "tiled": split.mean(dim=-3).flatten(-2),
                "summed": right * size,
                "first_head": weight.unflatten(-1, (groups, size, d))[
                    ..., 0, :
                ].flatten(-2),
                "interleaved": as_columns(weight, heads, groups),
            }
            got = submission.pool_heads(weight, heads, groups)
            close(got, right, causes=causes, **EXACT)
            single = submission.pool_heads(weight.float(), heads, groups)
            close(single, right.float(), **SINGLE)


def test_as_many_groups_as_heads(submission, rng):
    for heads, _, d in SIZES:
        weight = draw(rng, 3, heads * d)
        got = submission.pool_heads(weight, heads, heads)
        close(got, weight, rtol=0, atol=0)
        x = draw(rng, 2, 4, 3)
        q, k, v, o = weights(rng, heads, heads, d, width=3)
        right = layer(x, q, k, v, o, heads)
        k, v = (submission.pool_heads(w, heads, heads) for w in (k, v))
        close(submission.grouped_attention(x, q, k, v, o, heads), right, **EXACT)


def test_repeat(submission, rng):
    for heads, groups, d in SIZES:
        for lead in ((), (7,)):
            weight = draw(rng, *lead, groups * d)
            causes = {
                "tiled": dealt(weight, groups, heads),
                "interleaved": weight.repeat_interleave(heads // groups, dim=-1),
            }
            got = submission.repeat_heads(weight, groups, heads)
            right = repeated(weight, groups, heads)
            close(got, right, rtol=0, atol=0, causes=causes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_layer(submission, rng, dtype):
    for heads, groups, d in SIZES:
        x = draw(rng, 2, 5, 6)
        arrays = x, *weights(rng, heads, groups, d, width=6)
        causes = {
            "tiled": layer(*arrays, heads, spread=dealt),
            "future_seen": layer(*arrays, heads, mask=False),
            "whole_width": layer(*arrays, heads, scale=(heads * d) ** -0.5),
        }
        if d == 1 or groups == 1:
            causes.pop("tiled")
        got = submission.grouped_attention(*(a.to(dtype) for a in arrays), heads)
        close(
            got,
            layer(*arrays, heads).to(dtype),
            causes={name: wrong.to(dtype) for name, wrong in causes.items()},
            **(EXACT if dtype == torch.float64 else SINGLE),
        )


def test_a_group_reads_its_own_head(submission, rng):
    """By gradient: with wo the identity, columns of the output belong to query heads."""
    heads, groups, d = 6, 3, 2
    x = draw(rng, 2, 5, heads * d)
    q, k, v, _ = weights(rng, heads, groups, d)
    o = torch.eye(heads * d, dtype=torch.float64)
    for i in rng.choice(heads, size=3, replace=False).tolist():
        upstream = torch.zeros(2, 5, heads * d, dtype=torch.float64)
        upstream[..., own(i, d)] = draw(rng, 2, 5, d)
        _, gradients = submission.value_and_grads(
            "grouped_attention",
            *(w.clone().requires_grad_() for w in (x, q, k, v)),
            o,
            heads,
            upstream=upstream,
        )
        for number, name in ((2, "wk"), (3, "wv")):
            gradient = gradients.get(str(number))
            is_true(gradient is not None, f"{name} has no effect on the result")
            sizes = gradient.abs().sum(dim=0).unflatten(0, (groups, d)).sum(dim=1)
            reads = (sizes > 1e-9).tolist()
            right = [j == i // (heads // groups) for j in range(groups)]
            equal(
                reads, right, causes={"tiled": [j == i % groups for j in range(groups)]}
            )


def test_heads_that_are_alike(submission, rng):
    """Converted or written out, the layer computes the same."""
    for heads, groups, d in SIZES:
        x = draw(rng, 2, 5, 6)
        q, k, v, o = weights(rng, heads, groups, d, width=6)
        right = layer(x, q, k, v, o, heads)
        many = [repeated(w, groups, heads) for w in (k, v)]
        close(submission.grouped_attention(x, q, *many, o, heads), right, **EXACT)
        few = [submission.pool_heads(w, heads, groups) for w in many]
        causes = {
            "summed": layer(x, q, *(w * (heads // groups) for w in (k, v)), o, heads)
        }
        got = submission.grouped_attention(x, q, *few, o, heads)
        close(got, right, causes=causes, **EXACT)
        many = [submission.repeat_heads(w, groups, heads) for w in (k, v)]
        close(submission.grouped_attention(x, q, *many, o, heads), right, **EXACT)


def test_refuses(submission, rng):
    weight = draw(rng, 2, 24)
    for heads, groups in [(6, 4), (6, 12), (6, 0), (6, -2), (4, 3)]:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            submission.pool_heads(weight, heads, groups)
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            submission.repeat_heads(weight, groups, heads)
    close(submission.pool_heads(weight, 6, 2), pooled(weight, 6, 2), **EXACT)


def test_cache(submission, rng):
    known = {
        (32, 32, 128, 2): 524288,
        (32, 1, 128, 2): 16384,
        (80, 64, 128, 2): 2621440,
        (80, 8, 128, 2): 327680,
    }
    drawn = [tuple(int(i) for i in rng.integers(2, 99, size=4)) for _ in range(3)]
    for sizes in [*known, *drawn]:
        layers, heads, width, each = sizes
        right = known.get(sizes, 2 * layers * heads * width * each)
        causes = {"keys_only": right // 2, "numbers_not_bytes": right // each}
        equal(submission.cache_bytes_per_token(*sizes), right, causes=causes)
