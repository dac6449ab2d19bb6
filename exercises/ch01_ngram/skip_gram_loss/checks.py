"""The loss from exact logarithms of decimals, the gradients from central differences."""

from decimal import Decimal, localcontext

import numpy as np

from minillm.grading.expect import close, is_true

NAMES = ["center", "context", "noise"]


def minus_log_sigmoid(score):
    """Exact, whatever the score: with 60 digits and exponents without bound."""
    with localcontext(prec=60, Emax=10**9, Emin=-(10**9)):
        return float((1 + (-Decimal(float(score))).exp()).ln())


def loss(center, context, noise):
    return minus_log_sigmoid(context @ center) + sum(
        minus_log_sigmoid(-(row @ center)) for row in noise
    )


def vectors(rng, width, draws):
    return (
        rng.standard_normal(width),
        rng.standard_normal(width),
        rng.standard_normal((draws, width)),
    )


def numeric(arrays, step=1e-5):
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = loss(*arrays)
            array[place] = kept - step
            gradient[place] = (above - loss(*arrays)) / (2 * step)
            array[place] = kept
        gradients.append(gradient)
    return gradients


def named(gradients):
    is_true(
        type(gradients) is tuple and len(gradients) == 3,
        "sgns_gradients should return a tuple of three arrays",
    )
    return dict(zip(NAMES, gradients, strict=True))


def mistakes(center, context, noise):
    found, drawn = (
        1 / (1 + np.exp(-(context @ center))),
        1 / (1 + np.exp(-(noise @ center))),
    )
    right = (
        (found - 1) * context + drawn @ noise,
        (found - 1) * center,
        np.outer(drawn, center),
    )
    wrong = {
        "minus_one": (found * context + drawn @ noise, found * center, right[2]),
        "noise_forgotten": ((found - 1) * context, *right[1:]),
        "sign": tuple(-gradient for gradient in right),
        "noise_sign": (
            (found - 1) * context + (drawn - 1) @ noise,
            right[1],
            np.outer(drawn - 1, center),
        ),
    }
    if len(noise):
        wrong["mean"] = (
            (found - 1) * context + drawn @ noise / len(noise),
            right[1],
            right[2] / len(noise),
        )
    return {name: dict(zip(NAMES, value, strict=True)) for name, value in wrong.items()}


def test_loss(submission, rng):
    for width, draws in [
        (3, 4),
        (1, 1),
        (2, 0),
        tuple(rng.integers(2, 20, size=2).tolist()),
    ]:
        center, context, noise = vectors(rng, width, draws)
        own = minus_log_sigmoid(context @ center)
        right = loss(center, context, noise)
        causes = {
            "noise_sign": own + sum(minus_log_sigmoid(row @ center) for row in noise)
        }
        causes["mean"] = own + (right - own) / max(draws, 1)
        close(
            submission.sgns_loss(center, context, noise),
            right,
            rtol=1e-9,
            causes=causes,
        )


def test_nothing_learned_yet(submission, rng):
    """With zero vectors every question is a coin toss: ln 2 for the pair and for each noise word."""
    for draws in (5, int(rng.integers(6, 40)), 0):
        center, context, noise = (
            np.zeros(4),
            rng.standard_normal(4),
            rng.standard_normal((draws, 4)),
        )
        right = (1 + draws) * float(np.log(2))
        close(
            submission.sgns_loss(center, context, noise),
            right,
            rtol=1e-9,
            causes={"mean": 2 * float(np.log(2))},
        )
        got = named(submission.sgns_gradients(center, context, noise))
        halves = {
            "center": (noise.sum(axis=0) - context) / 2,
            "context": np.zeros(4),
            "noise": np.zeros((draws, 4)),
        }
        close(got, halves, rtol=1e-9, causes=mistakes(center, context, noise))


def test_large_scores(submission, rng):
    size = float(rng.uniform(800, 3000))
    center, context, noise = (
        np.array([1.0, 0.0]),
        np.array([-size, 0.0]),
        np.array([[size, 1.0], [-size, 1.0]]),
    )
    close(
        submission.sgns_loss(center, context, noise),
        2 * size,
        rtol=1e-9,
        causes={"overflow": np.inf},
    )
    close(submission.sgns_loss(center, -context, noise[1:]), 0.0, atol=1e-12)
    right = (np.array([2 * size, 1.0]), -center, np.array([[1.0, 0.0], [0.0, 0.0]]))
    close(
        named(submission.sgns_gradients(center, context, noise)),
        named(right),
        rtol=1e-9,
        atol=1e-9,
    )


def test_gradients(submission, rng):
    for width, draws in [
        (3, 4),
        (1, 1),
        (2, 0),
        tuple(rng.integers(2, 9, size=2).tolist()),
    ]:
        arrays = vectors(rng, width, draws)
        got = named(submission.sgns_gradients(*arrays))
        right = dict(zip(NAMES, numeric(arrays), strict=True))
        close(got, right, rtol=1e-6, atol=1e-7, causes=mistakes(*arrays))


def test_a_step_downhill(submission, rng):
    """A small step against the gradient lowers the loss by the gradient's squared length."""
    for _ in range(3):
        arrays = vectors(rng, 5, 6)
        got = submission.sgns_gradients(*arrays)
        length = sum(float((gradient**2).sum()) for gradient in got)
        step = 1e-6
        moved = [
            array - step * gradient for array, gradient in zip(arrays, got, strict=True)
        ]
        saved = submission.sgns_loss(*arrays) - submission.sgns_loss(*moved)
        is_true(length > 0, "the gradients are zero")
        is_true(
            abs(saved / step - length) < 1e-3 * length,
            f"a step downhill of {step} should lower the loss by {step * length:.3g}, it does by {saved:.3g}",
            cause="sign" if saved < 0 else "",
        )
