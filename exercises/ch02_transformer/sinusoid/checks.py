"""The equations one number at a time, and the properties that they were chosen for."""

import math

import numpy as np
import pytest

from minillm.grading.expect import close, is_true

SHAPES = [(9, 2), (1, 4), (5, 10), (70, 64)]


def angles(p, width, base, exponent=1):
    return [p * base ** (-exponent * 2 * i / width) for i in range(width // 2)]


def vector(p, width, base=10_000.0):
    return [f(a) for a in angles(p, width, base) for f in (math.sin, math.cos)]


def table(length, width, base=10_000.0):
    return np.array([vector(p, width, base) for p in range(length)])


def mistakes(length, width, base):
    """What the usual mistakes give."""
    places = range(length)
    step = base ** (2 / width)

    def printed(exponent, later):
        rows = []
        for p in places:
            sines = angles(p, width, base, exponent)
            cosines = [a / step ** (exponent / 2 * later) for a in sines]
            pairs = zip(sines, cosines, strict=True)
            rows.append([x for s, c in pairs for x in (math.sin(s), math.cos(c))])
        return np.array(rows)

    right = table(length, width, base)
    return {
        "doubled": printed(2, 0),
        "other_frequency": printed(1, 1),
        "as_printed": printed(2, 1),
        "halves": np.concatenate([right[:, 0::2], right[:, 1::2]], axis=1),
        "cosine_first": right.reshape(length, -1, 2)[:, :, ::-1].reshape(right.shape),
    }


def test_by_the_equations(submission, rng):
    for length, width in SHAPES:
        for base in (10_000.0, float(rng.uniform(5, 500))):
            got = submission.sinusoid(length, width, base)
            causes = mistakes(length, width, base)
            close(got, table(length, width, base), rtol=0, atol=1e-10, causes=causes)
    close(submission.sinusoid(12, 6), table(12, 6), rtol=0, atol=1e-10)


def test_far_away(submission):
    """At place 50,000 an angle in single precision is off in its fourth decimal."""
    got = submission.sinusoid(50_001, 4, 100.0)
    is_true(
        getattr(got, "shape", None) == (50_001, 4),
        "for 50,001 places and width 4 the shape should be (50001, 4)",
    )
    right = np.array([vector(p, 4, 100.0) for p in (7, 49_999, 50_000)])
    close(got[[7, 49_999, 50_000]], right, rtol=0, atol=1e-8)


def test_a_shift_exists(submission, rng):
    """Fit the best matrix to each pair of your vectors, without knowing a formula: nothing may be left over."""
    width = 16
    got = submission.sinusoid(120, width)
    is_true(
        getattr(got, "shape", None) == (120, width),
        f"for 120 places and width {width} the shape should be (120, {width})",
    )
    lengths = (got**2).sum(axis=1)
    is_true(
        bool(np.abs(lengths - width / 2).max() < 1e-9),
        f"each vector's squares should add up to {width // 2}, half the width: they add up to {lengths.min():.3f} to {lengths.max():.3f}",
        cause="no_shift",
    )
    apart = np.linalg.norm(got[:, None] - got[None], axis=-1) + np.eye(120)
    is_true(bool(apart.min() > 0.01), "two places have the same vector")
    for offset in (1, int(rng.integers(2, 40))):
        before, after = got[:-offset], got[offset:]
        products = (before * after).sum(axis=1)
        is_true(
            bool(np.ptp(products) < 1e-9),
            f"the inner product of places {offset} apart should be one number: it runs from {products.min():.3f} to {products.max():.3f}",
            cause="no_shift",
        )
        for i in range(0, width, 2):
            best = np.linalg.lstsq(before[:, i : i + 2], after[:, i : i + 2])[0]
            left = np.abs(before[:, i : i + 2] @ best - after[:, i : i + 2]).max()
            is_true(
                bool(left < 1e-6),
                f"no matrix takes dimensions {i} and {i + 1} {offset} places on: the best is off by {left:.3f}",
                cause="no_shift",
            )


def test_shift_matrix(submission, rng):
    for width in (2, 6, 32):
        for base in (10_000.0, float(rng.uniform(5, 500))):
            for k in (1, int(rng.integers(2, 50)), -3):
                places = range(max(0, -k), 60)
                before = np.array([vector(p, width, base) for p in places])
                after = np.array([vector(p + k, width, base) for p in places])
                got = submission.shift_matrix(k, width, base)
                right = np.zeros((width, width))
                for i, angle in enumerate(angles(k, width, base)):
                    c, s = math.cos(angle), math.sin(angle)
                    right[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[c, -s], [s, c]]
                fitted = np.linalg.pinv(before) @ after
                causes = {"transposed": right.T, "fitted": fitted}
                close(got, right, rtol=0, atol=1e-9, causes=causes)
                close(before @ got, after, rtol=0, atol=1e-9)


@pytest.mark.parametrize("width", [2, 12])
def test_shifts_add_up(submission, rng, width):
    j, k = (int(n) for n in rng.integers(1, 2000, size=2))
    one, other, both, back, none = (
        submission.shift_matrix(n, width) for n in (j, k, j + k, -j, 0)
    )
    close(none, np.eye(width), rtol=0, atol=1e-12)
    is_true(
        bool(np.abs(one - none).max() > 1e-3),
        f"a shift by {j} places should not be the identity",
    )
    close(one @ other, both, rtol=0, atol=1e-8)
    close(one @ back, np.eye(width), rtol=0, atol=1e-8)
    close(back, one.T.copy(), rtol=0, atol=1e-8)
