"""A plain loop for the states; central differences and products of Jacobians for the gradients."""

import math

import numpy as np
import pytest

from minillm.grading.expect import close, is_true

SHAPES = [(1, 1, 1), (1, 3, 2), (2, 2, 3), (5, 3, 4), (7, 4, 1)]
NAMES = ["x", "h0", "W", "U", "b"]


def inputs(rng, steps, width, hidden, scale=0.8):
    shapes = [(steps, width), (hidden,), (width, hidden), (hidden, hidden), (hidden,)]
    return [scale * rng.standard_normal(shape) for shape in shapes]


def states(x, h0, W, U, b):
    """One number at a time."""
    result, h = [], h0.tolist()
    for row in x.tolist():
        inside = []
        for j in range(len(h)):
            own = sum(value * W[i, j] for i, value in enumerate(row))
            inside.append(
                float(own + sum(value * U[i, j] for i, value in enumerate(h)) + b[j])
            )
        h = [math.tanh(value) for value in inside]
        result.append(h)
    return np.array(result)


def numeric(arrays, upstream, step=1e-5):
    """Central differences of the sum of states times upstream, for every number of every argument."""
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = (states(*arrays) * upstream).sum()
            array[place] = kept - step
            gradient[place] = (above - (states(*arrays) * upstream).sum()) / (2 * step)
            array[place] = kept
        gradients.append(gradient)
    return tuple(gradients)


def mistakes(arrays, upstream):
    """What the usual mistakes give, by a backward pass with switches."""
    x, h0, W, U, _ = arrays
    h = states(*arrays)

    def backward(flow=U.T, slope=1 - h**2, back=W.T, given=upstream, paired=None):
        inner, later = np.zeros_like(h), np.zeros_like(h0)
        for t in reversed(range(len(x))):
            inner[t] = (given[t] + later) * slope[t]
            later = inner[t] @ flow
        before = np.concatenate([h0[None], h[:-1]]) if paired is None else paired
        return inner @ back, later, x.T @ inner, before.T @ inner, inner.sum(axis=0)

    last = np.zeros_like(upstream)
    last[-1] = upstream[-1]
    alone = backward(flow=np.zeros_like(U))
    causes = {
        "no_time": (
            alone[0],
            alone[4] * 0 + ((upstream[0]) * (1 - h[0] ** 2)) @ U.T,
            *alone[2:],
        ),
        "no_tanh": backward(slope=np.ones_like(h)),
        "not_transposed": backward(flow=U),
        "state_after": backward(paired=h),
        "last_only": backward(given=last),
    }
    return {
        name: dict(zip(NAMES, value, strict=True)) for name, value in causes.items()
    }


def compare(got, right, **options):
    """Name by name, so that a learner sees which gradient is wrong."""
    is_true(
        type(got) is tuple and len(got) == 5,
        "elman_backward should return a tuple of five arrays",
    )
    close(
        dict(zip(NAMES, got, strict=True)),
        dict(zip(NAMES, right, strict=True)),
        **options,
    )


def test_forward(submission, rng):
    for shape in [*SHAPES, (int(rng.integers(2, 9)), 2, 3)]:
        arrays = inputs(rng, *shape)
        close(submission.elman(*arrays), states(*arrays), rtol=1e-9)


def test_one_step_back(submission, rng):
    """With one step there is no time to go back through: the gradient of a single tanh layer."""
    x, h0, W, U, _ = arrays = inputs(rng, 1, 3, 2)
    upstream = rng.standard_normal((1, 2))
    inner = (upstream * (1 - states(*arrays) ** 2))[0]
    right = (
        np.array([W @ inner]),
        U @ inner,
        np.outer(x[0], inner),
        np.outer(h0, inner),
        inner,
    )
    compare(
        submission.elman_backward(*arrays, upstream),
        right,
        rtol=1e-9,
        causes=mistakes(arrays, upstream),
    )


def test_against_finite_differences(submission, rng):
    for shape in [(3, 2, 4), *SHAPES]:
        arrays = inputs(rng, *shape)
        upstream = rng.standard_normal((shape[0], shape[2]))
        right = numeric(arrays, upstream)
        got = submission.elman_backward(*arrays, upstream)
        compare(got, right, rtol=1e-5, atol=1e-7, causes=mistakes(arrays, upstream))


@pytest.mark.parametrize("hidden", [1, 3])
def test_from_the_last_state_to_the_first(submission, rng, hidden):
    """The gradient of the last state by h0 is a product of Jacobians, one a step."""
    arrays = inputs(rng, 6, 2, hidden)
    h, U = states(*arrays), arrays[3]
    for j in range(hidden):
        upstream = np.zeros((6, hidden))
        upstream[-1, j] = 1.0
        product = np.eye(hidden)
        for state in h:
            product = product @ U * (1 - state**2)
        close(
            submission.elman_backward(*arrays, upstream)[1],
            product[:, j],
            rtol=1e-7,
            atol=1e-12,
        )


def test_long_sequence(submission, rng):
    """The gradient is linear in upstream, and small weights make it vanish along the way back."""
    x, h0, W, U, b = inputs(rng, 400, 2, 3)
    U = 0.5 * U / np.linalg.norm(U, 2)
    first, second = rng.standard_normal((2, 400, 3))
    one, two, both = (
        submission.elman_backward(x, h0, W, U, b, g)
        for g in (first, second, first + 2 * second)
    )
    close(
        both,
        tuple(a + 2 * c for a, c in zip(one, two, strict=True)),
        rtol=1e-7,
        atol=1e-9,
    )
    is_true(
        all(np.abs(gradient).max() > 1e-6 for gradient in both),
        "a gradient is zero everywhere",
    )
    last = np.zeros_like(first)
    last[-1] = first[-1]
    dx = submission.elman_backward(x, h0, W, U, b, last)[0]
    is_true(
        np.abs(dx[-1]).max() > 1e-6,
        "the last input has no gradient, although the loss reaches its state",
    )
    is_true(
        0 < np.abs(dx[-12]).max() < 0.01,
        "eleven steps back the gradient should be small, and not zero",
    )
