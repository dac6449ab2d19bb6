"""One head after the other, with slices of the matrices, in double precision."""

import numpy as np
import pytest
import torch

from minillm.grading.expect import close, equal, is_true

SIZES = [
    (1, 1, 4, 1),
    (2, 5, 6, 3),
    (3, 4, 8, 2),
    (1, 7, 8, 8),
]  # batch, time, width, heads


def inputs(rng, batch, time, width, dtype=torch.float64):
    x = torch.from_numpy(rng.standard_normal((batch, time, width)))
    w = torch.from_numpy(rng.standard_normal((4, width, width)) / width**0.5)
    return x.to(dtype), *w.to(dtype).unbind()


def one_head(x, wq, wk, wv, j, size, scale):
    own = slice(j * size, (j + 1) * size)
    q, k, v = x @ wq[:, own], x @ wk[:, own], x @ wv[:, own]
    return (q @ k.mT * scale).softmax(dim=-1) @ v


def terms(x, wq, wk, wv, wo, heads, scale=None):
    size = x.shape[-1] // heads
    mixed = [
        one_head(x, wq, wk, wv, j, size, scale or size**-0.5) for j in range(heads)
    ]
    rows = wo.split(size)
    return torch.stack([z @ row for z, row in zip(mixed, rows, strict=True)])


def viewed(x, heads):
    """The right shape, with the numbers of different tokens mixed."""
    batch, time, width = x.shape
    return x.reshape(batch, heads, time, width // heads)


def mixed_up(x, wq, wk, wv, wo, heads, interleaved=False):
    def split(y):
        if interleaved:
            return y.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)
        return viewed(y, heads)

    q, k, v = (split(x @ w) for w in (wq, wk, wv))
    z = (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-1) @ v
    back = z.permute(0, 2, 3, 1).flatten(2) if interleaved else z.reshape(x.shape)
    return back @ wo


def mistakes(arrays, heads):
    return {
        "viewed": mixed_up(*arrays, heads),
        "interleaved": mixed_up(*arrays, heads, interleaved=True),
        "whole_width": terms(*arrays, heads, scale=arrays[0].shape[-1] ** -0.5).sum(0),
        "unscaled": terms(*arrays, heads, scale=1.0).sum(0),
    }


def test_split(submission, rng):
    for batch, time, width, heads in SIZES:
        x = inputs(rng, batch, time, width, torch.float32)[0]
        size = width // heads
        right = torch.stack(
            [x[:, :, j * size : (j + 1) * size] for j in range(heads)], dim=1
        )
        causes = {
            "viewed": viewed(x, heads),
            "interleaved": x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2),
        }
        close(submission.split_heads(x, heads), right, rtol=0, atol=0, causes=causes)


def test_merge(submission, rng):
    for batch, time, width, heads in SIZES:
        x = inputs(rng, batch, time, width, torch.float32)[0]
        pieces = x.unflatten(-1, (heads, -1)).transpose(1, 2)
        causes = {"viewed": pieces.reshape(x.shape)}
        got = submission.merge_heads(pieces)
        close(got, x, rtol=0, atol=0, causes=causes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_against_a_loop(submission, rng, dtype):
    for batch, time, width, heads in [*SIZES, (2, int(rng.integers(2, 9)), 12, 4)]:
        arrays = inputs(rng, batch, time, width)
        right = terms(*arrays, heads).sum(0)
        given = [array.to(dtype) for array in arrays]
        causes = {
            name: wrong.to(dtype) for name, wrong in mistakes(arrays, heads).items()
        }
        exact = dtype == torch.float64
        close(
            submission.multi_head(*given, heads),
            right.to(dtype),
            rtol=1e-9 if exact else 1e-4,
            atol=1e-10 if exact else 2e-5,
            causes=causes,
        )


def test_contributions(submission, rng):
    for batch, time, width, heads in SIZES:
        arrays = inputs(rng, batch, time, width)
        right = terms(*arrays, heads)
        got = submission.contributions(*arrays, heads)
        close(got, right, rtol=1e-9, atol=1e-10)


def test_a_head_owns_its_columns(submission, rng):
    """By gradient: what one head adds depends on its own columns of wq, wk and wv and its own rows of wo."""
    heads, width = 3, 6
    size = width // heads
    x, *weights = inputs(rng, 2, 5, width)
    j = int(rng.integers(heads))
    upstream = torch.zeros(heads, 2, 5, width, dtype=torch.float64)
    upstream[j] = torch.from_numpy(rng.standard_normal((2, 5, width)))
    value, gradients = submission.value_and_grads(
        "contributions",
        x,
        *(w.requires_grad_() for w in weights),
        heads,
        upstream=upstream,
    )
    equal(list(value.shape), [heads, 2, 5, width])
    for number, name in enumerate(["wq", "wk", "wv", "wo"], start=1):
        gradient = gradients.get(str(number))
        is_true(gradient is not None, f"{name} has no effect on the result")
        size_of = (gradient if name == "wo" else gradient.T).abs().amax(dim=1)
        own = np.arange(width) // size == j
        what = "rows" if name == "wo" else "columns"
        is_true(
            bool((size_of.numpy()[own] > 1e-6).all()),
            f"what head {j} adds should depend on its own {what} of {name}",
            cause="viewed",
        )
        is_true(
            bool((size_of.numpy()[~own] < 1e-12).all()),
            f"what head {j} adds depends on other heads' {what} of {name}",
            cause="viewed",
        )


def test_all_at_once(submission, rng):
    counts = {}
    arrays = inputs(rng, 2, 3, 16)
    for heads in (2, 16):
        for name in ("multi_head", "contributions"):
            with submission.measure() as seen:
                got = getattr(submission, name)(*arrays, heads)
            right = terms(*arrays, heads)
            close(
                got,
                right if name == "contributions" else right.sum(0),
                rtol=1e-9,
                atol=1e-10,
            )
            counts[name, heads] = sum(seen.operators.values())
    for name in ("multi_head", "contributions"):
        few, many = counts[name, 2], counts[name, 16]
        is_true(
            many <= few + 2,
            f"{name} runs {few} operations of torch for 2 heads and {many} for 16",
            cause="loop",
        )
