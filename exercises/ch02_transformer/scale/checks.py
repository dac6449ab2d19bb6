"""Drawn queries and keys for the factor; central differences for the derivatives."""

import math

import numpy as np
import pytest

from minillm.grading.expect import close, is_true


def softmax(s):
    powers = [math.exp(x - max(s)) for x in s]
    return np.array([x / math.fsum(powers) for x in powers])


def differences(f, x, step=1e-5):
    """Row i: the derivative of f by number i of x."""
    rows = []
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        rows.append((f(up) - f(down)) / (2 * step))
    return np.array(rows)


@pytest.mark.parametrize("size", [16, 64, 256])
def test_deviation_one(submission, rng, size):
    """The deviation of 20,000 scores, scaled by your factor, is 1 within a few errors of its estimate."""
    heads = int(rng.integers(2, 9))
    stds = rng.uniform(0.3, 3, size=2).tolist()
    q, k = (std * rng.standard_normal((20_000, size)) for std in stds)
    factor = submission.score_scale(heads * size, heads, *stds)
    is_true(type(factor) is float, "the factor should be a float")
    found = float((factor * (q * k).sum(axis=1)).std())
    by = {
        "whole_width": (heads * size) ** -0.5 / math.prod(stds),
        "unscaled": 1 / math.prod(stds),
        "no_root": 1 / (size * math.prod(stds)),
        "ignores_std": size**-0.5,
    }
    near = [name for name, wrong in by.items() if math.isclose(factor, wrong)]
    is_true(
        abs(found - 1) < 0.04,
        f"with width {heads * size}, {heads} heads and deviations {stds[0]:.2f} and {stds[1]:.2f} the scaled scores have deviation {found:.3f}",
        cause=near[0] if near else "",
    )


def test_factor(submission, rng):
    for width, heads in [(512, 8), (512, 1), (768, 12), (6, 6)]:
        size = width // heads
        a, b = rng.uniform(0.3, 3, size=2).tolist()
        causes = {"whole_width": width**-0.5, "unscaled": 1.0, "no_root": 1 / size}
        close(
            submission.score_scale(width, heads), size**-0.5, rtol=1e-9, causes=causes
        )
        causes = {
            "whole_width": width**-0.5 / (a * b),
            "ignores_std": size**-0.5,
            "no_root": 1 / (a * b * size),
        }
        close(
            submission.score_scale(width, heads, a, b),
            1 / (a * b * size**0.5),
            rtol=1e-9,
            causes=causes,
        )


def test_jacobian(submission, rng):
    for n in (1, 2, 7, 40):
        s = 1.5 * rng.standard_normal(n)
        p = softmax(s)
        right = np.array(
            [[p[i] * ((i == j) - p[j]) for j in range(n)] for i in range(n)]
        )
        assert np.allclose(right, differences(softmax, s), atol=1e-8)
        causes = {"diagonal": np.diag(p * (1 - p)), "no_diagonal": -np.outer(p, p)}
        close(
            submission.softmax_jacobian(s), right, rtol=1e-9, atol=1e-12, causes=causes
        )


def test_it_vanishes(submission, rng):
    """The larger the scores, the smaller the derivatives; and huge scores overflow nothing."""
    s = rng.standard_normal(64)
    s[s.argmax()] += 0.1  # no tie at the top
    norms = []
    for factor in (1.0, 8.0, 64.0, 4096.0):
        got = submission.softmax_jacobian(factor * s)
        p = softmax(factor * s)
        close(got, np.diag(p) - np.outer(p, p), rtol=1e-7, atol=1e-12)
        norms.append(float(np.linalg.norm(got)))
    is_true(
        0.05 < norms[0] < 0.5,
        f"64 scores of deviation 1: the norm of the derivatives is {norms[0]:.3g}, and should be near 0.2",
    )
    is_true(
        norms[3] < 1e-3 < norms[0],
        f"with scores 4096 times as large the norm should vanish; it is {norms[3]:.3g}",
    )


@pytest.mark.parametrize("size", [1, 5])
def test_by_the_query(submission, rng, size):
    for n, d_v in [(1, 2), (4, 1), (6, 3)]:
        q = rng.standard_normal(size)
        keys, values = rng.standard_normal((n, size)), rng.standard_normal((n, d_v))
        scale = float(rng.uniform(0.2, 0.9))

        def result(x, keys=keys, values=values, scale=scale):
            return softmax(scale * keys @ x) @ values

        right = differences(result, q)
        got = submission.score_gradients(q, keys, values, scale)
        p = softmax(scale * keys @ q)
        jacobian = np.diag(p) - np.outer(p, p)
        unscaled = keys.T @ jacobian @ values
        once = keys.T @ (
            np.diag(softmax(keys @ q)) - np.outer(*[softmax(keys @ q)] * 2)
        )
        wrong = {
            "scale_once": unscaled,
            "scale_outside": scale * once @ values,
            "transposed": right.T.copy(),
            "diagonal": scale * keys.T @ np.diag(p * (1 - p)) @ values,
        }
        # The differences are exact to some eight digits, so a known mistake is named by its nearness.
        causes = {name: got for name, value in wrong.items() if near(got, value)}
        close(got, right, rtol=1e-6, atol=1e-8, causes=causes)


def near(got, value):
    shape = getattr(got, "shape", None)
    return shape == value.shape and np.allclose(got, value, rtol=1e-6, atol=1e-9)
