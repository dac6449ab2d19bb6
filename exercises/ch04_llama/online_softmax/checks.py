"""Whole rows in double precision; hidden scores never enter a sum."""

from itertools import pairwise

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

HIDDEN = -torch.inf
EXACT, SINGLE = {"rtol": 1e-9, "atol": 1e-12}, {"rtol": 2e-5, "atol": 1e-6}
SHAPES = [(1,), (6,), (3, 7), (2, 3, 5)]


def draw(rng, *shape, spread=3.0):
    return torch.from_numpy(spread * rng.standard_normal(shape))


def hide(rng, scores, share=0.3):
    """Some scores become minus infinity, but not all of a row."""
    hidden = torch.from_numpy(rng.random(tuple(scores.shape)) < share)
    hidden[..., int(rng.integers(scores.shape[-1]))] = False
    return scores.masked_fill(hidden, HIDDEN)


def sums(scores):
    """The definition, row by row."""
    m, l = scores.amax(dim=-1), torch.zeros(scores.shape[:-1], dtype=scores.dtype)
    for row, place in zip(
        scores.reshape(-1, scores.shape[-1]), range(l.numel()), strict=True
    ):
        seen = row[row > HIDDEN]
        if len(seen):
            l.view(-1)[place] = (seen - seen.max()).exp().sum()
    return m, l


def weights(scores):
    """Softmax of whole rows, 0 where nothing is seen."""
    m, l = sums(scores)
    seen = l[..., None] > 0
    powers = torch.where(
        seen, scores - torch.where(seen, m[..., None], 0.0), HIDDEN
    ).exp()
    return powers / torch.where(seen, l[..., None], 1.0)


def cut(rng, scores, values=None):
    """Cut the last axis at random places."""
    n = scores.shape[-1]
    places = sorted(rng.choice(n - 1, size=min(3, n - 1), replace=False) + 1)
    sizes = [b - a for a, b in zip([0, *places], [*places, n], strict=True)]
    sizes = [int(size) for size in sizes]
    if values is None:
        return scores.split(sizes, dim=-1)
    return list(
        zip(scores.split(sizes, dim=-1), values.split(sizes, dim=-2), strict=True)
    )


def to(dtype, sums):
    return tuple(x.to(dtype) for x in sums)


def no_nan(got, what):
    tensors = got if isinstance(got, tuple) else (got,)
    is_true(
        not any(isinstance(x, torch.Tensor) and bool(x.isnan().any()) for x in tensors),
        f"{what} has NaN in it",
        cause="minus_infinity",
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sums(submission, rng, dtype):
    for shape in SHAPES:
        for scores in (draw(rng, *shape), hide(rng, draw(rng, *shape) - 4)):
            scores = scores.to(dtype)
            m, l = sums(scores.double())
            everywhere = scores.double().max()
            causes = {
                "no_maximum": (m, scores.double().exp().sum(dim=-1)),
                "logarithm": (m, m + l.log()),
                "one_maximum": (
                    everywhere.expand(m.shape).clone(),
                    (scores.double() - everywhere).exp().sum(dim=-1),
                ),
            }
            close(
                submission.softmax_sums(scores),
                to(dtype, (m, l)),
                causes={name: to(dtype, wrong) for name, wrong in causes.items()},
                **(EXACT if dtype == torch.float64 else SINGLE),
            )


def test_merge(submission, rng):
    for shape in SHAPES:
        first = hide(rng, draw(rng, *shape))
        second = hide(rng, draw(rng, *shape[:-1], 4)) + float(rng.choice([-2, 2]))
        (m0, l0), (m1, l1) = sums(first), sums(second)
        right = m, l = sums(torch.cat([first, second], dim=-1))
        causes = {
            "added": (m, l0 + l1),
            "first_maximum": (m0, l * (m - m0).exp()),
            "upside_down": (m, l0 * (m - m0).exp() + l1 * (m - m1).exp()),
        }
        close(submission.merge_sums((m0, l0), (m1, l1)), right, causes=causes, **EXACT)
        causes["first_maximum"] = (m1, l * (m - m1).exp())
        close(submission.merge_sums((m1, l1), (m0, l0)), right, causes=causes, **EXACT)


def test_any_split(submission, rng):
    """Cut anywhere, merged in any order."""
    for n in (2, 9, 24):
        scores = hide(rng, draw(rng, 4, n))
        right = sums(scores)
        for parts in (cut(rng, scores), scores.split(1, dim=-1)):
            heap = [submission.softmax_sums(part) for part in parts]
            while len(heap) > 1:
                i, j = (int(x) for x in rng.choice(len(heap), size=2, replace=False))
                merged = submission.merge_sums(heap[i], heap[j])
                heap = [x for k, x in enumerate(heap) if k not in (i, j)] + [merged]
            no_nan(heap[0], "the merged result")
            close(
                heap[0],
                right,
                causes={
                    "added": (right[0], sum(sums(part)[1] for part in parts)),
                },
                **EXACT,
            )


def test_weights(submission, rng):
    for shape in [(5,), (3, 8), (2, 2, 6)]:
        scores = hide(rng, draw(rng, *shape))
        m, l = sums(scores)
        whole = weights(scores)
        done = 0
        for part in cut(rng, scores):
            end = done + part.shape[-1]
            causes = {
                "own_sum": weights(part),
                "no_maximum": part.exp() / l[..., None],
            }
            close(
                submission.softmax_part(part, m, l),
                whole[..., done:end],
                causes=causes,
                **EXACT,
            )
            done = end


def careless(parts):
    """States that two usual mistakes lead to."""
    z = mean = scores = None
    for i, (part, values) in enumerate(parts):
        m1, l1 = sums(part)
        mixed = weights(part) @ values
        if i == 0:
            scores, z, mean = part, mixed, mixed
        else:
            _, l0 = sums(scores)
            scores = torch.cat([scores, part], dim=-1)
            m, l = sums(scores)
            now = l1 * (m1 - m).exp()
            z = (l0[..., None] * z + now[..., None] * mixed) / l[..., None]
            mean = (mean + mixed) / 2
        yield z, mean


def test_add_part(submission, rng):
    for lead, queries, n, width in [((), 1, 4, 1), ((), 5, 11, 3), ((2, 3), 2, 8, 4)]:
        scores = draw(rng, *lead, queries, n)
        values = draw(rng, *lead, n, width)
        parts = cut(rng, scores, values)
        state, done = None, 0
        for (part, own), (kept, mean) in zip(parts, careless(parts), strict=True):
            done += part.shape[-1]
            m, l = sums(scores[..., :done])
            z = weights(scores[..., :done]) @ values[..., :done, :]
            state = submission.add_part(state, part, own)
            causes = {"old_mixture_kept": (m, l, kept), "plain_mean": (m, l, mean)}
            causes["own_sum"] = (m, l, weights(part) @ own)
            close(state, (m, l, z), causes=causes, **EXACT)


def test_huge_scores(submission, rng):
    """As large as the dtype allows; ties at the top; parts that are worlds apart."""
    for dtype, top in ((torch.float32, 1e38), (torch.float64, 1e307)):
        for size in (1e3, top):
            row = torch.from_numpy(rng.choice([-1.0, -0.5, 0.5], size=(3, 6)))
            row[:, :2], row[:, 4:] = 1.0, -1.0
            for scores in ((size * row).to(dtype), (-size * row).to(dtype)):
                right = sums(scores)
                got = submission.softmax_sums(scores)
                no_nan(got, "softmax_sums(scores)")
                close(got, right, rtol=1e-6)
                for low, high in [(scores[:, :3], scores[:, 3:])]:
                    for a, b in ((low, high), (high, low)):
                        close(submission.merge_sums(sums(a), sums(b)), right, rtol=1e-6)
                close(
                    submission.softmax_part(scores, *right),
                    weights(scores),
                    rtol=1e-6,
                )
                values = draw(rng, 6, 2).to(dtype)
                state = submission.add_part(None, scores[:, :3], values[:3])
                state = submission.add_part(state, scores[:, 3:], values[3:])
                no_nan(state, "the state after two parts")
                close(state, (*right, weights(scores) @ values), rtol=1e-5, atol=1e-6)


def test_hidden_parts(submission, rng):
    """Row 0 sees nothing in the first part, row 1 nothing in the second, row 2 nothing at all."""
    scores, values = draw(rng, 4, 7), draw(rng, 7, 2)
    scores[0, :3] = scores[1, 3:] = scores[2] = HIDDEN
    first, second = scores[:, :3], scores[:, 3:]
    for part in (first, second, scores):
        got = submission.softmax_sums(part)
        no_nan(got, "softmax_sums of a row that is all hidden")
        close(got, sums(part), **EXACT)
    for a, b in ((first, second), (second, first)):
        got = submission.merge_sums(sums(a), sums(b))
        no_nan(got, "merge_sums with a part that is all hidden")
        close(got, sums(scores), **EXACT)
    got = submission.softmax_part(scores, *sums(scores))
    no_nan(got, "softmax_part of a row that is all hidden")
    close(got, weights(scores), **EXACT)
    for parts in ([0, 3, 7], [0, 7], [0, 1, 2, 3, 5, 7]):
        state = None
        for start, end in pairwise(parts):
            state = submission.add_part(state, scores[:, start:end], values[start:end])
            no_nan(state, "the state after a part that is all hidden")
            m, l = sums(scores[:, :end])
            z = weights(scores[:, :end]) @ values[:end]
            close(state, (m, l, z), **EXACT)
    equal(state[2][2].tolist(), [0.0, 0.0])
