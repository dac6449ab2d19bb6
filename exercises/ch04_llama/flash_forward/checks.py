"""The formula with all scores at once, in double precision; what exists is watched."""

import math

import pytest
import torch

from minillm.grading.expect import close, is_true

EXACT, SINGLE = {"rtol": 1e-10, "atol": 1e-10}, {"rtol": 1e-4, "atol": 1e-5}
# leading axes, queries, keys, d_k, d_v
SIZES = [((), 7, 7, 4, 3), ((2,), 5, 9, 3, 3), ((2, 3), 10, 6, 2, 5)]
TILES = [(2, 3), (3, 2), (4, 4)]


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def inputs(rng, lead, queries, keys, d_k, d_v):
    return (
        2 * draw(rng, *lead, queries, d_k),
        draw(rng, *lead, keys, d_k),
        draw(rng, *lead, keys, d_v),
    )


def visible(queries, keys, shift):
    return torch.arange(keys) <= torch.arange(queries)[:, None] + shift


def whole(q, k, v, seen=None, scale=None):
    """Output and log-sum-exp; hidden scores are nowhere in the sums."""
    scores = q @ k.mT * (scale or q.shape[-1] ** -0.5)
    if seen is not None:
        scores = scores.masked_fill(~seen, -torch.inf)
    top = scores.amax(dim=-1, keepdim=True)
    top = top.masked_fill(top == -torch.inf, 0.0)
    powers = (scores - top).exp()
    total = powers.sum(dim=-1, keepdim=True)
    output = powers @ v / total.masked_fill(total == 0, 1.0)
    return output, (top + total.log()).squeeze(-1)


def causal(q, k, v):
    queries, keys = q.shape[-2], k.shape[-2]
    return whole(q, k, v, visible(queries, keys, keys - queries))


def not_rescaled(q, k, v, columns):
    """The maximum grows, and what was added up below the old one stays as it is."""
    parts = zip(k.split(columns, dim=-2), v.split(columns, dim=-2), strict=True)
    output, total, top = 0, 0, -torch.inf
    for key, value in parts:
        scores = q @ key.mT * q.shape[-1] ** -0.5
        top = scores.amax(dim=-1, keepdim=True).clamp(min=top)
        powers = (scores - top).exp()
        output, total = output + powers @ value, total + powers.sum(-1, keepdim=True)
    return output / total


def mistakes(q, k, v, columns):
    keys = k.shape[-2]
    last, even = (keys - 1) // columns * columns, keys // columns * columns
    wrong = {
        "unscaled": whole(q, k, v, scale=1.0)[0],
        "last_tile": whole(q, k[..., last:, :], v[..., last:, :])[0],
        "not_rescaled": not_rescaled(q, k, v, columns),
    }
    if 0 < even < keys:
        wrong["whole_tiles_only"] = whole(q, k[..., :even, :], v[..., :even, :])[0]
    return wrong


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_output(submission, rng, dtype):
    for sizes in SIZES:
        q, k, v = inputs(rng, *sizes)
        for rows, columns in TILES:
            output, _ = submission.flash_forward(
                *(x.to(dtype) for x in (q, k, v)), rows, columns
            )
            causes = mistakes(q, k, v, columns)
            close(
                output,
                whole(q, k, v)[0].to(dtype),
                causes={name: wrong.to(dtype) for name, wrong in causes.items()},
                **(EXACT if dtype == torch.float64 else SINGLE),
            )


def test_log_sum_exp(submission, rng):
    for sizes in SIZES:
        q, k, v = inputs(rng, *sizes)
        for rows, columns in TILES:
            _, got = submission.flash_forward(q, k, v, rows, columns)
            right = whole(q, k, v)[1]
            top = (q @ k.mT * q.shape[-1] ** -0.5).amax(dim=-1)
            causes = {
                "maximum_only": top,
                "below_the_maximum": right - top,
                "unscaled": whole(q, k, v, scale=1.0)[1],
            }
            close(got, right, causes=causes, **EXACT)


def test_any_tiles(submission, rng):
    """From single scores to one tile that is larger than all of them."""
    q, k, v = inputs(rng, (2,), 11, 13, 4, 2)
    right = whole(q, k, v)
    some = [tuple(int(x) for x in rng.integers(2, 12, size=2)) for _ in range(3)]
    for rows, columns in [(1, 1), (1, 13), (11, 1), (11, 13), (64, 50), *some]:
        got = submission.flash_forward(q, k, v, rows, columns)
        is_true(
            isinstance(got, tuple) and len(got) == 2,
            "the result should be a tuple of output and log-sum-exp",
        )
        close(got[0], right[0], causes=mistakes(q, k, v, columns), **EXACT)
        close(got[1], right[1], **EXACT)


def test_causal(submission, rng):
    for queries, keys in [(8, 8), (3, 9), (1, 7), (12, 12)]:
        q, k, v = inputs(rng, (2,), queries, keys, 3, 2)
        shift = keys - queries
        right = causal(q, k, v)
        wrong = {
            "future_seen": whole(q, k, v)[0],
            "from_the_first": whole(q, k, v, visible(queries, keys, 0))[0],
            "itself_hidden": whole(q, k, v, visible(queries, keys, shift - 1))[0],
        }
        if shift == 0:
            wrong.pop("from_the_first")
        for rows, columns in [*TILES, (1, 1), (16, 16), (5, 1)]:
            got = submission.flash_forward(q, k, v, rows, columns, causal=True)
            is_true(
                not any(bool(x.isnan().any()) for x in got if hasattr(x, "isnan")),
                f"with tiles of {rows} by {columns} there is NaN in the result",
                cause="nothing_seen",
            )
            # Where a tile is on the border and nothing in it is hidden.
            last = torch.arange(queries) // rows * rows + rows - 1
            last = last.clamp(max=queries - 1) + shift
            seen = torch.arange(keys) // columns <= last[:, None] // columns
            wrong["border_seen"] = whole(q, k, v, seen)[0]
            close(got[0], right[0], causes=wrong, **EXACT)
            close(got[1], right[1], **EXACT)


def test_queries_that_see_nothing(submission, rng):
    for queries, keys in [(6, 4), (9, 1)]:
        q, k, v = inputs(rng, (2,), queries, keys, 3, 2)
        right = causal(q, k, v)
        for rows, columns in [(1, 1), (2, 2), (4, 3), (16, 16)]:
            got = submission.flash_forward(q, k, v, rows, columns, causal=True)
            is_true(
                not any(bool(x.isnan().any()) for x in got if hasattr(x, "isnan")),
                "a query that sees no key gives NaN",
                cause="nothing_seen",
            )
            close(tuple(got), right, **EXACT)


def test_huge_scores(submission, rng):
    """Rising and falling along the keys, so that the maximum comes last or first."""
    for dtype, size in [(torch.float32, 1e4), (torch.float64, 1e6)]:
        v = draw(rng, 9, 2).to(dtype)
        slope = torch.linspace(-size, size, 9).to(dtype)[:, None]
        for k in (slope, -slope):
            q = torch.tensor([[1.0], [-1.0], [1e-6]]).to(dtype)
            for rows, columns in [(2, 2), (1, 4), (3, 9)]:
                got = submission.flash_forward(q, k, v, rows, columns)
                close(tuple(got), whole(q, k, v), rtol=1e-4, atol=1e-5)


def test_no_large_tensor(submission, rng):
    for lead, queries, keys in [((), 96, 192), ((2,), 192, 96)]:
        q, k, v = inputs(rng, lead, queries, keys, 2, 3)
        rows, columns = 16, 8
        count = math.prod(lead)
        allowed = count * max(3 * max(queries, keys), rows * columns)
        for masked in (False, True):
            with submission.measure() as seen:
                got = submission.flash_forward(q, k, v, rows, columns, causal=masked)
            right = causal(q, k, v) if masked else whole(q, k, v)
            close(tuple(got), right, **EXACT)
            largest = seen.largest_elements
            is_true(
                largest <= allowed,
                f"a tensor of {largest} numbers was made; {queries} by {keys} in tiles of {rows} by {columns} needs none above {allowed}",
                cause="all_scores" if largest >= count * queries * keys else "strip",
            )


def test_future_tiles_are_left_out(submission, rng):
    """NaN in keys and values that no query of a tile sees."""
    for rows, columns in [(4, 4), (6, 3), (2, 4)]:
        q, k, v = inputs(rng, (), 12, 12, 4, 2)
        right = causal(q, k, v)
        for top in range(0, 12, rows):
            last = top + rows - 1
            start = (last // columns + 1) * columns
            bad_k, bad_v = k.clone(), v.clone()
            bad_k[start:] = bad_v[start:] = torch.nan
            got = submission.flash_forward(q, bad_k, bad_v, rows, columns, causal=True)
            mine = slice(top, top + rows)
            is_true(
                not bool(got[0][mine].isnan().any()),
                f"with tiles of {rows} by {columns}, queries {top} to {last} see no key from {start} on; NaN there came out",
                cause="masked_and_computed",
            )
            close(got[0][mine], right[0][mine], **EXACT)
            close(got[1][mine], right[1][mine], **EXACT)
