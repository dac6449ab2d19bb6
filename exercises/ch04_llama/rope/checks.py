"""Complex numbers, whole matrices built from unit vectors, and scores that may depend on a distance only."""

import math

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

EXACT = {"rtol": 1e-9, "atol": 1e-10}
LAYOUTS = ["rotate_pairs", "rotate_halves"]
# leading axes, time, width
SIZES = [((), 1, 2), ((), 5, 4), ((3,), 4, 8), ((2, 3), 6, 16)]


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def places(rng, time):
    """Positions in no order, with gaps; one of them 0."""
    chosen = rng.choice(200, size=time, replace=False)
    chosen[-1] = 0 if time > 1 else 1 + chosen[-1]
    return torch.from_numpy(chosen)


def angle(position, pair, width, base, power=2):
    return float(position) * base ** (-power * pair / width)


def partners(layout, width):
    if layout == "rotate_pairs":
        return [(2 * i, 2 * i + 1) for i in range(width // 2)]
    return [(i, i + width // 2) for i in range(width // 2)]


def turned(layout, x, positions, base=10_000.0, sign=1, **other):
    """Each pair of numbers as one complex number, times one more."""
    width = x.shape[-1]
    result = torch.empty(x.shape, dtype=torch.float64)
    for i, (a, b) in enumerate(partners(layout, width)):
        angles = [sign * angle(p, i, width, base, **other) for p in positions]
        factors = torch.tensor(
            [complex(math.cos(t), math.sin(t)) for t in angles], dtype=torch.complex128
        )
        product = torch.complex(x[..., a].double(), x[..., b].double()) * factors
        result[..., a], result[..., b] = product.real, product.imag
    return result


def listing(x, positions, base=10_000.0, cut=-1, interleave=False):
    """The book's function with its cut, at the last dimension or elsewhere."""
    width = x.shape[-1]
    angles = torch.tensor(
        [[angle(p, i, width, base) for i in range(width // 2)] for p in positions],
        dtype=torch.float64,
    )
    full = (
        angles.repeat_interleave(2, dim=-1)
        if interleave
        else torch.cat([angles, angles], dim=-1)
    )
    swapped = torch.cat([-x[..., cut:], x[..., :cut]], dim=-1)
    return x.double() * full.cos() + swapped.double() * full.sin()


def mistakes(layout, x, positions, base=10_000.0):
    other = LAYOUTS[layout == LAYOUTS[0]]
    half = x.shape[-1] // 2
    wrong = {
        "other_layout": turned(other, x, positions, base),
        "backwards": turned(layout, x, positions, base, sign=-1),
        "half_the_exponent": turned(layout, x, positions, base, power=1),
        "from_one": turned(layout, x, positions + 1, base),
        "not_turned": x.double(),
    }
    if x.shape[-1] > 2:
        wrong["cut_at_the_last"] = listing(x, positions, base)
        wrong["mixed_layouts"] = listing(x, positions, base, half, interleave=True)
    return wrong


def looks_like(got, causes):
    """The known mistake that gives this value."""
    found = (n for n, w in causes.items() if torch.allclose(got.double(), w, atol=1e-6))
    return next(found, "")


def rotate(submission, layout, x, positions, *base):
    """What the submission gives, of the right type, dtype and shape."""
    got = getattr(submission, layout)(x, positions, *base)
    is_true(isinstance(got, torch.Tensor), f"{layout} should return a tensor")
    equal([str(got.dtype), list(got.shape)], [str(x.dtype), list(x.shape)])
    return got


def test_pairs(submission, rng):
    against_complex_numbers(submission, rng, "rotate_pairs")


def test_halves(submission, rng):
    against_complex_numbers(submission, rng, "rotate_halves")


def against_complex_numbers(submission, rng, layout):
    for lead, time, width in SIZES:
        x, positions = draw(rng, *lead, time, width), places(rng, time)
        for base in (10_000.0, float(rng.uniform(50, 900))):
            right = turned(layout, x, positions, base)
            causes = mistakes(layout, x, positions, base)
            got = getattr(submission, layout)(x, positions, base)
            close(got, right, causes=causes, **EXACT)
    got = getattr(submission, layout)(x, positions)
    close(got, turned(layout, x, positions), **EXACT)
    fractions = torch.from_numpy(rng.uniform(-20, 20, size=time))
    got = getattr(submission, layout)(x, fractions)
    close(got, turned(layout, x, fractions), **EXACT)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lengths(submission, rng, layout):
    """A rotation changes where a vector points and not how long it is."""
    x, positions = draw(rng, 3, 7, 32), torch.arange(1, 8) * 5
    got = rotate(submission, layout, x, positions)
    cause = looks_like(got, mistakes(layout, x, positions))
    change = (got.norm(dim=-1) / x.norm(dim=-1)).flatten()
    worst = change[(change - 1).abs().argmax()]
    is_true(
        bool(abs(worst - 1) < 1e-9),
        f"a vector is {worst:.3f} times as long after {layout}",
        cause=cause,
    )
    is_true(
        bool((got - x).abs().amax(dim=-1).min() > 1e-2),
        f"{layout} should turn every vector at a position that is not 0",
        cause=cause,
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_scores_by_distance(submission, rng, layout):
    """One query and one key at every position: along each diagonal of the scores stands one number."""
    width, positions = 16, torch.arange(12)
    for start in (0, int(rng.integers(100, 1000))):
        q, k = draw(rng, width), draw(rng, width)
        given = [v.expand(12, width).contiguous() for v in (q, k)]
        queries, keys = (
            rotate(submission, layout, v, positions + start) for v in given
        )
        cause = looks_like(queries, mistakes(layout, given[0], positions + start))
        scores = queries @ keys.T
        spread = max(float(scores.diagonal(j).std()) for j in range(-10, 11))
        is_true(
            spread < 1e-9,
            f"{layout}: queries and keys at the same distance have scores that differ by {spread:.2g}",
            cause=cause,
        )
        is_true(
            float(scores[0].std()) > 1e-2,
            f"{layout}: scores should change with the distance of query and key",
            cause=cause,
        )
        right = float(turned(layout, q[None], [0])[0] @ turned(layout, k[None], [7])[0])
        close(float(scores[0, 7]), right, rtol=1e-7, atol=1e-7)


def matrix(submission, layout, position, width):
    """The matrix of a rotation, from what becomes of the unit vectors."""
    unit = torch.eye(width, dtype=torch.float64)[:, None]
    return rotate(submission, layout, unit, torch.tensor([position]))[:, 0].T


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rotations_compose(submission, rng, layout):
    """Back from m and on to n is the same as going n - m."""
    for width in (2, 8):
        m, n = (int(p) for p in rng.choice(60, size=2, replace=False))
        first, second, way = (
            matrix(submission, layout, p, width) for p in (m, n, n - m)
        )
        unit = torch.eye(width, dtype=torch.float64)[:, None]
        causes = mistakes(layout, unit, torch.tensor([n - m]))
        right = turned(layout, unit, [n - m])[:, 0].T
        close(
            way,
            right,
            causes={name: wrong[:, 0].T for name, wrong in causes.items()},
            **EXACT,
        )
        gap = float((first.T @ second - way).abs().max())
        is_true(
            gap < 1e-9,
            f"{layout}: R_m^T R_n and R_(n-m) differ by {gap:.2g} for m = {m}, n = {n}",
        )


def test_order(submission, rng):
    for width in (2, 4, 6, 2 * int(rng.integers(4, 40))):
        right = torch.cat([torch.arange(0, width, 2), torch.arange(1, width, 2)])
        causes = {} if width < 6 else {"inverse_order": right.argsort()}
        equal(submission.halves_order(width), right, causes=causes)
        x, positions = draw(rng, 3, width), places(rng, 3)
        order = submission.halves_order(width)
        pairs = rotate(submission, "rotate_pairs", x, positions)[..., order]
        halves = rotate(submission, "rotate_halves", x[..., order], positions)
        close(halves, pairs, **EXACT)


def test_projection(submission, rng):
    """The rows of a head change places, and no score notices."""
    for heads, size, width in [(1, 4, 3), (3, 8, 5), (2, 6, 12)]:
        wq, wk = draw(rng, 2, heads * size, width).unbind()
        order = torch.cat([torch.arange(0, size, 2), torch.arange(1, size, 2)])
        rows = torch.cat([order + head * size for head in range(heads)])
        whole = torch.cat([torch.arange(a, heads * size, 2) for a in (0, 1)])
        causes = {"across_heads": wq[whole], "inverse_order": undone(wq, heads, order)}
        got = submission.convert_projection(wq, heads)
        close(got, wq[rows], rtol=0, atol=0, causes=causes)

        x, positions = draw(rng, 4, width), places(rng, 4)
        converted = [got, submission.convert_projection(wk, heads)]
        scores = [
            q @ k.mT
            for q, k in (
                [
                    rotate(submission, layout, split(x @ w.T, heads), positions)
                    for w in pair
                ]
                for layout, pair in zip(LAYOUTS, ([wq, wk], converted), strict=True)
            )
        ]
        close(scores[1], scores[0], rtol=1e-9, atol=1e-8)


def undone(weight, heads, order):
    return weight.unflatten(0, (heads, -1))[:, order.argsort()].flatten(0, 1)


def split(y, heads):
    return y.unflatten(-1, (heads, -1)).transpose(0, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_far_positions(submission, rng, dtype):
    """Half precision has 8 or 11 binary digits: not enough for position 4,001, nor for the angle there."""
    x = draw(rng, 2, 5, 8).to(dtype)
    positions = torch.from_numpy(4000 + 2 * rng.integers(1, 900, size=5) + 1)
    steps = {torch.float32: 2e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}
    for layout in LAYOUTS:
        got = rotate(submission, layout, x, positions)
        right = turned(layout, x, positions)
        off = (got.double() - right).abs().max().item()
        cause = looks_like(got, mistakes(layout, x, positions))
        if not cause and (off < 0.01 or dtype != torch.float32):
            cause = "short_of_digits"
        is_true(
            off < steps[dtype] * right.abs().max().item(),
            f"{layout}: {str(dtype).removeprefix('torch.')} vectors at positions around 5,000 are off by {off:.2g}",
            cause=cause,
        )
