"""One query at a time, over the keys that it sees, in double precision."""

import pytest
import torch

from minillm.grading.expect import close, is_true

# leading axes, queries, keys, d_k, d_v
SIZES = [((), 1, 1, 1, 1), ((), 3, 5, 4, 2), ((2,), 4, 4, 8, 3), ((2, 3), 5, 2, 6, 6)]
EXACT, SINGLE = {"rtol": 1e-9, "atol": 1e-12}, {"rtol": 1e-5, "atol": 2e-6}


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def inputs(rng, lead, queries, keys, d_k, d_v):
    return (
        draw(rng, *lead, queries, d_k),
        draw(rng, *lead, keys, d_k),
        draw(rng, *lead, keys, d_v),
    )


def some(rng, *shape, share=0.6):
    return torch.from_numpy(rng.random(shape) < share)


def weights(q, k, mask=None, scale=None):
    """The definition: nothing that is hidden ever enters a sum."""
    shape = (*q.shape[:-1], k.shape[-2])
    mask = torch.ones(shape, dtype=torch.bool) if mask is None else mask.expand(shape)
    scores = (q @ k.mT) * (scale or q.shape[-1] ** -0.5)
    result = torch.zeros(shape, dtype=q.dtype)
    for row, seen, out in zip(
        scores.flatten(0, -2),
        mask.flatten(0, -2),
        result.view(-1, shape[-1]),
        strict=True,
    ):
        if seen.any():
            powers = (row[seen] - row[seen].max()).exp()
            out[seen] = powers / powers.sum()
    return result


def mistakes(q, k, mask=None):
    causes = {
        "unscaled": weights(q, k, mask, scale=1.0),
        "over_queries": (q @ k.mT / q.shape[-1] ** 0.5).softmax(dim=-2),
    }
    if mask is not None:
        full = weights(q, k)
        after = full * mask
        causes |= {
            "mask_after": after,
            "inverted": weights(q, k, ~mask),
            "hidden_as_zero": ((q @ k.mT / q.shape[-1] ** 0.5) * mask).softmax(dim=-1),
            "ignored": full,
        }
    return causes


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_a_mask(submission, rng, dtype):
    for sizes in SIZES:
        q, k, v = inputs(rng, *sizes)
        q, k = 3 * q, k + 0.1
        right = weights(q, k)
        causes = mistakes(q, k)
        given = [x.to(dtype) for x in (q, k, v)]
        tolerance = EXACT if dtype == torch.float64 else SINGLE
        close(
            submission.attention_weights(*given[:2]),
            right.to(dtype),
            causes={name: wrong.to(dtype) for name, wrong in causes.items()},
            **tolerance,
        )
        close(
            submission.attention(*given),
            (right @ v).to(dtype),
            causes={name: (wrong @ v).to(dtype) for name, wrong in causes.items()},
            **tolerance,
        )


def test_masks(submission, rng):
    """Masks of all shapes that broadcast; every query sees something."""
    for lead, queries, keys, d_k, d_v in [*SIZES, ((2, 3), 4, 7, 5, 2)]:
        q, k, v = inputs(rng, lead, queries, keys, d_k, d_v)
        shapes = [(*lead, queries, keys), (queries, keys), (keys,), (*lead, 1, keys)]
        for shape in shapes:
            mask = some(rng, *shape)
            mask[..., int(rng.integers(keys))] = True
            right, causes = weights(q, k, mask), mistakes(q, k, mask)
            close(
                submission.attention_weights(q, k, mask), right, causes=causes, **EXACT
            )
            close(
                submission.attention(q, k, v, mask),
                right @ v,
                causes={name: wrong @ v for name, wrong in causes.items()},
                **EXACT,
            )


def test_one_key_left(submission, rng):
    """The only key in sight has by far the lowest score."""
    queries, keys = 6, 9
    for low in (-1e3, -1e12):
        left = torch.from_numpy(rng.permutation(keys)[:queries])
        mask = torch.zeros(queries, keys, dtype=torch.bool)
        mask[torch.arange(queries), left] = True
        q, k, v = (
            torch.eye(queries),
            draw(rng, keys, queries).float(),
            draw(rng, keys, 3).float(),
        )
        k[left, torch.arange(queries)] = low
        others = (~mask).float() / (keys - 1)
        close(
            submission.attention_weights(q, k, mask),
            mask.float(),
            rtol=1e-6,
            atol=0,
            causes={"hidden_by_a_number": others},
        )
        close(
            submission.attention(q, k, v, mask),
            v[left],
            rtol=1e-6,
            causes={"hidden_by_a_number": others @ v},
        )


def test_no_key_left(submission, rng):
    for lead, queries, keys, d_k, d_v in SIZES[1:]:
        q, k, v = inputs(rng, lead, queries, keys, d_k, d_v)
        mask = some(rng, *lead, queries, keys)
        mask[..., 0] = True
        mask[..., 1, :] = False
        right = weights(q, k, mask)
        alike = right.clone()
        alike[..., 1, :] = 1 / keys
        got = submission.attention_weights(q, k, mask)
        is_true(
            not (isinstance(got, torch.Tensor) and bool(got.isnan().any())),
            "a query that sees no key gets NaN instead of weights 0",
            cause="nothing_seen",
        )
        close(got, right, causes={"nothing_seen": alike}, **EXACT)
        close(submission.attention(q, k, v, mask), right @ v, **EXACT)
    nothing = torch.zeros(queries, keys, dtype=torch.bool)
    close(
        submission.attention(q, k, v, nothing),
        torch.zeros(*lead, queries, d_v).double(),
        **EXACT,
    )


def test_huge_scores(submission, rng):
    q, k, v = inputs(rng, (2,), 4, 6, 5, 3)
    mask = some(rng, 2, 4, 6)
    mask[..., 2] = True
    for factor in (1e3, 1e6):
        close(
            submission.attention(factor * q, k, v, mask),
            weights(factor * q, k, mask) @ v,
            rtol=1e-6,
        )


def test_gradients(submission, rng):
    """By queries, keys and values, with rows that see all, some, one and none."""
    q, k, v = inputs(rng, (2,), 4, 5, 3, 2)
    mask = some(rng, 2, 4, 5)
    mask[0, 0], mask[0, 1], mask[1, 2], mask[1, 3] = True, False, False, False
    mask[1, 2, int(rng.integers(5))] = True
    upstream = draw(rng, 2, 4, 2)
    ours = [x.clone().requires_grad_() for x in (q, k, v)]
    (reference(*ours, mask) * upstream).sum().backward()
    value, gradients = submission.value_and_grads(
        "attention", *(x.requires_grad_() for x in (q, k, v)), mask, upstream=upstream
    )
    close(value.detach(), reference(q, k, v, mask).detach(), **EXACT)
    for number, (name, x) in enumerate(zip("qkv", ours, strict=True)):
        gradient = gradients.get(str(number))
        is_true(gradient is not None, f"{name} gets no gradient")
        is_true(
            bool(gradient.isfinite().all()),
            f"the gradient by {name} is not finite",
            cause="nothing_seen",
        )
        close(gradient, x.grad, rtol=1e-8, atol=1e-10)


def reference(q, k, v, mask):
    """Differentiable, and without a row of nothing but minus infinity."""
    powers = (q @ k.mT / q.shape[-1] ** 0.5).exp() * mask
    return powers @ v / powers.sum(dim=-1, keepdim=True).clamp(min=1e-300)


def test_hidden_means_unseen(submission, rng):
    """What is hidden may be anything: the result does not move by a bit."""
    q, k, v = inputs(rng, (), 5, 7, 4, 3)
    mask = some(rng, 5, 7)
    mask[:, 6], mask[:, 0] = False, True
    before = submission.attention(q, k, v, mask)
    close(before, weights(q, k, mask) @ v, **EXACT)
    other_k, other_v = k.clone(), v.clone()
    other_k[6], other_v[6] = 50 * draw(rng, 4), 1e6 * draw(rng, 3)
    after = submission.attention(q, other_k, other_v, mask)
    is_true(
        getattr(after, "shape", None) == before.shape and bool((after == before).all()),
        "key 6 is hidden from all queries; with another key and value there the result changed",
        cause="mask_after",
    )
