"""Sums one vector at a time with exact addition; central differences for the gradients."""

import math

import numpy as np
import pytest

from minillm.grading.expect import close, is_true

SHAPES = [(3,), (1, 4), (5, 2), (2, 3, 7), (2, 1, 2, 16)]
NAMES = ["x", "weight", "bias"]


def inputs(rng, shape):
    scale, shift = rng.uniform(0.5, 2), rng.uniform(-3, 3)
    weight, bias = rng.standard_normal((2, shape[-1]))
    return scale * rng.standard_normal(shape) + shift, weight, bias


def one(row, weight, bias, eps, divisor=0, outside=False, power=0.5):
    """One vector; the switches are the usual mistakes."""
    mean = math.fsum(row) / len(row)
    variance = math.fsum((v - mean) ** 2 for v in row) / (len(row) - divisor)
    below = variance**power + eps if outside else (variance + eps) ** power
    return [
        a * (v - mean) / below + b for v, a, b in zip(row, weight, bias, strict=True)
    ]


def norm(x, weight, bias, eps=1e-5, **mistake):
    rows = x.reshape(-1, x.shape[-1]).tolist()
    return np.array([one(row, weight, bias, eps, **mistake) for row in rows]).reshape(
        x.shape
    )


def mistakes(x, weight, bias, eps):
    mixed = norm(x, weight, bias, eps, divisor=1, outside=True)
    return {
        "as_printed": mixed,
        "sample": norm(x, weight, bias, eps, divisor=1),
        "eps_outside": norm(x, weight, bias, eps, outside=True),
        "variance": norm(x, weight, bias, eps, power=1),
    }


def test_forward(submission, rng):
    for shape in SHAPES:
        arrays = inputs(rng, shape)
        for eps in (1e-5, float(rng.uniform(0.01, 0.3))):
            got = submission.layer_norm(*arrays, eps)
            right = norm(*arrays, eps)
            close(got, right, rtol=1e-9, causes=mistakes(*arrays, eps))
    close(submission.layer_norm(*arrays), norm(*arrays), rtol=1e-9)


def test_mean_and_square(submission, rng):
    """What the name promises, and what the factor sqrt((d - 1) / d) of the book's listing breaks."""
    for width in (4, 64):
        x = rng.standard_normal((20, width)) * 3 - 1
        got = submission.layer_norm(x, np.ones(width), np.zeros(width), 0.0)
        is_true(
            getattr(got, "shape", None) == x.shape,
            f"the shape should be {list(x.shape)}, that of x",
        )
        is_true(
            bool(np.abs(got.mean(axis=-1)).max() < 1e-9),
            "without weight and bias the mean of each vector should be 0",
        )
        square = (got**2).mean(axis=-1)
        sample = np.abs(square - (width - 1) / width).max() < 1e-9
        is_true(
            bool(np.abs(square - 1).max() < 1e-9),
            f"without weight and bias the mean square of each vector of width {width} should be 1; the first is {square[0]:.6f}",
            cause="sample" if sample else "",
        )
        close(
            submission.layer_norm(7 * x + 5, np.ones(width), np.zeros(width), 0.0),
            got,
            rtol=1e-8,
            atol=1e-10,
        )


def test_extreme_vectors(submission, rng):
    x, weight, bias = inputs(rng, (6, 8))
    far = 1e6 + rng.standard_normal((6, 8))
    got, right = submission.layer_norm(far, weight, bias), norm(far, weight, bias)
    is_true(
        getattr(got, "shape", None) == far.shape,
        f"the shape should be {list(far.shape)}, that of x",
    )
    wrong = mistakes(far, weight, bias, 1e-5).items()
    known = [name for name, value in wrong if np.abs(got - value).max() < 1e-6]
    is_true(
        bool(np.abs(got - right).max() < 1e-6),
        "numbers around a million with deviation 1: the result is off by more than a millionth",
        cause=known[0] if known else "cancelled",
    )
    close(
        submission.layer_norm(1e-4 * x, weight, bias),
        norm(1e-4 * x, weight, bias),
        rtol=1e-8,
        causes=mistakes(1e-4 * x, weight, bias, 1e-5),
    )
    same = np.full((2, 8), float(rng.uniform(1, 9)))
    close(
        submission.layer_norm(same, weight, bias),
        np.stack([bias, bias]),
        rtol=0,
        atol=1e-9,
    )


def numeric(arrays, upstream, eps, step=1e-5):
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = (norm(*arrays, eps) * upstream).sum()
            array[place] = kept - step
            gradient[place] = (above - (norm(*arrays, eps) * upstream).sum()) / (
                2 * step
            )
            array[place] = kept
        gradients.append(gradient)
    return tuple(gradients)


def shortcuts(arrays, upstream, eps, right):
    """Gradients by x that leave out a way on which it acts."""
    x, weight, _ = arrays
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    unit = (x - x.mean(axis=-1, keepdims=True)) / root
    inner = upstream * weight
    flat = inner - inner.mean(axis=-1, keepdims=True)
    along = unit * (inner * unit).mean(axis=-1, keepdims=True)
    by_x = {
        "constants": inner / root,
        "no_deviation": flat / root,
        "no_mean": (inner - along) / root,
    }
    causes = {
        name: dict(zip(NAMES, (dx, *right[1:]), strict=True))
        for name, dx in by_x.items()
    }
    rows = tuple(range(x.ndim - 1))
    raw = (right[0], (upstream * x).sum(axis=rows), right[2])
    return causes | {"raw_x": dict(zip(NAMES, raw, strict=True))}


@pytest.mark.parametrize("eps", [1e-5, 0.4])
def test_against_finite_differences(submission, rng, eps):
    for shape in SHAPES:
        arrays = inputs(rng, shape)
        upstream = rng.standard_normal(shape)
        right = numeric(arrays, upstream, eps)
        got = submission.layer_norm_backward(arrays[0], arrays[1], upstream, eps)
        is_true(
            type(got) is tuple and len(got) == 3,
            "layer_norm_backward should return a tuple of three arrays",
        )
        close(
            dict(zip(NAMES, got, strict=True)),
            dict(zip(NAMES, right, strict=True)),
            rtol=2e-5,
            atol=1e-6,
            causes=loose(shortcuts(arrays, upstream, eps, right), got),
        )


def loose(causes, got):
    """A known mistake counts as met within the error of the differences."""
    return {
        name: {
            key: value if not near(mine, value) else mine
            for (key, value), mine in zip(wrong.items(), got, strict=True)
        }
        for name, wrong in causes.items()
    }


def near(mine, value):
    same = getattr(mine, "shape", None) == value.shape
    return same and np.allclose(mine, value, rtol=1e-4, atol=1e-6)


def test_lost_directions(submission, rng):
    """The result does not change when x is shifted or stretched, so the gradient has no part in these directions."""
    x, weight, _ = inputs(rng, (9, 12))
    upstream = rng.standard_normal((9, 12))
    got = submission.layer_norm_backward(x, weight, upstream, 0.0)
    is_true(
        type(got) is tuple
        and len(got) == 3
        and getattr(got[0], "shape", None) == x.shape,
        "the first of the three gradients should have the shape of x",
    )
    dx, centered = got[0], x - x.mean(axis=-1, keepdims=True)
    is_true(
        bool(np.linalg.norm(dx, axis=-1).min() > 1e-3),
        "a vector of width 12 has a gradient that is not zero",
    )
    is_true(
        bool(np.abs(dx.sum(axis=-1)).max() < 1e-9),
        "a constant added to x changes nothing, so each gradient should add up to 0",
        cause="constants",
    )
    is_true(
        bool(np.abs((dx * centered).sum(axis=-1)).max() < 1e-9),
        "with eps = 0 a longer x gives the same result, so each gradient should be at right angles to x minus its mean",
        cause="no_deviation",
    )
    towards = -0.01 * dx / np.linalg.norm(dx)
    before, after = (
        (norm(v, weight, 0 * weight, 0.0) * upstream).sum() for v in (x, x + towards)
    )
    is_true(
        bool(after < before), "a small step against the gradient should lower the loss"
    )
