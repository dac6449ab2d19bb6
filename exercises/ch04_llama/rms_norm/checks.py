"""Sums one vector at a time with exact addition, and vectors that half precision cannot square."""

import math

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

EXACT = {"rtol": 1e-9, "atol": 1e-12}
SHAPES = [(3,), (1, 4), (5, 2), (2, 3, 7), (2, 1, 2, 16)]
# A few roundings of half a unit in the last place.
STEPS = {torch.float32: 1e-6, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def one(row, weight, eps, mean=False, outside=False, power=0.5, total=False):
    """One vector; the switches are the usual mistakes."""
    middle = math.fsum(row) / len(row) if mean else 0.0
    square = math.fsum((v - middle) ** 2 for v in row) / (1 if total else len(row))
    below = square**power + eps if outside else (square + eps) ** power
    return [w * (v - middle) / below for v, w in zip(row, weight, strict=True)]


def norm(x, weight, eps=1e-6, **mistake):
    rows = x.double().reshape(-1, x.shape[-1]).tolist()
    done = [one(row, weight.tolist(), eps, **mistake) for row in rows]
    return torch.tensor(done, dtype=torch.float64).reshape(x.shape)


def mistakes(x, weight, eps):
    everything = x.square().mean()
    return {
        "layer_norm": norm(x, weight, eps, mean=True),
        "eps_outside": norm(x, weight, eps, outside=True),
        "no_root": norm(x, weight, eps, power=1),
        "sum_of_squares": norm(x, weight, eps, total=True),
        "over_everything": weight * x / (everything + eps).sqrt(),
        "no_weight": norm(x, torch.ones_like(weight), eps),
    }


def test_three_four(submission, rng):
    x = torch.tensor([3.0, 4.0], dtype=torch.float64)
    right = torch.tensor([3.0, 4.0], dtype=torch.float64) / 12.5**0.5
    ones = torch.ones(2, dtype=torch.float64)
    causes = mistakes(x, ones, 0.0)
    close(submission.rms_norm(x, ones, 0.0), right, causes=causes, **EXACT)
    factor, sign = float(rng.uniform(2, 9)), -1.0
    got = submission.rms_norm(sign * factor * x, ones, 0.0)
    close(got, sign * right, causes=mistakes(sign * factor * x, ones, 0.0), **EXACT)


def test_forward(submission, rng):
    for shape in SHAPES:
        x, weight = 2 * draw(rng, *shape) + 1, draw(rng, shape[-1])
        for eps in (1e-6, float(rng.uniform(0.01, 0.3))):
            got = submission.rms_norm(x, weight, eps)
            causes = mistakes(x, weight, eps)
            close(got, norm(x, weight, eps), causes=causes, **EXACT)
    close(submission.rms_norm(x, weight), norm(x, weight), **EXACT)


def test_small_vectors(submission, rng):
    """Shorter than the root of epsilon, and zero."""
    weight = draw(rng, 8)
    x = 1e-4 * draw(rng, 5, 8)
    x[2] = 0
    close(
        submission.rms_norm(x, weight),
        norm(x, weight),
        causes=mistakes(x, weight, 1e-6),
        **EXACT,
    )


def test_mean_stays(submission, rng):
    """A vector of equal numbers keeps its sign, and a shift of all numbers changes the result."""
    ones = torch.ones(8, dtype=torch.float64)
    level = float(rng.uniform(1, 9))
    same = torch.stack([level * ones, -level * ones])
    gone = torch.zeros_like(same)
    got = submission.rms_norm(same, ones, 0.01)
    right = same / (level**2 + 0.01) ** 0.5
    close(got, right, causes={"layer_norm": gone}, **EXACT)
    x = draw(rng, 4, 8)
    got = submission.rms_norm(x + 3, ones, 0.0)
    is_true(isinstance(got, torch.Tensor), "rms_norm should return a tensor")
    equal(list(got.shape), [4, 8])
    is_true(
        bool((got.square().mean(dim=-1) - 1).abs().max() < 1e-9),
        "without weight and epsilon the mean square of each vector should be 1",
    )
    is_true(
        bool((got.mean(dim=-1) > 0.3).all()),
        "vectors with mean 3 should keep a positive mean",
        cause="layer_norm",
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_large_numbers_in_half_precision(submission, rng, dtype):
    """The square of 256 is beyond float16, and so is the sum of many smaller ones."""
    for width, scale in [(16, 300), (8, 20_000), (4096, 60), (2, 65_000)]:
        size = scale * torch.from_numpy(rng.uniform(0.5, 1, size=(3, width)))
        sign = torch.from_numpy(rng.choice([-1.0, 1.0], size=(3, width)))
        half_precision(submission, size * sign, draw(rng, width), dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_small_numbers_in_half_precision(submission, rng, dtype):
    """The square of 0.0001 is 0 in float16, and so is an epsilon of 1e-8."""
    half_precision(submission, 1e-4 * draw(rng, 3, 16), draw(rng, 16), dtype, eps=1e-10)
    half_precision(submission, 1e-3 * draw(rng, 3, 16), draw(rng, 16), dtype)


def error(got, right):
    """Largest relative error; numbers near 0 may be subnormal."""
    return float(((got.double() - right).abs() / (right.abs() + 0.01)).max())


def half_precision(submission, x, weight, dtype, eps=1e-6):
    x, weight = x.to(dtype), weight.to(dtype)
    right, step = norm(x, weight, eps), STEPS[dtype]
    got = submission.rms_norm(x, weight, eps)
    is_true(isinstance(got, torch.Tensor), "rms_norm should return a tensor")
    equal([str(got.dtype), list(got.shape)], [str(dtype), list(x.shape)])
    off = error(got, right)
    wrong = {} if off < step else mistakes(x.double(), weight.double(), eps)
    known = [name for name, value in wrong.items() if error(got, value) < step]
    name = str(dtype).removeprefix("torch.")
    is_true(
        off < step,
        f"{name} vectors with numbers around {float(x.double().abs().mean()):.2g}: the result is off by {100 * off:.2g} percent",
        cause=known[0] if known else "own_precision",
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_dtype(submission, rng, dtype):
    """The result has the dtype of x, also where the weight has more digits."""
    x = (3 * draw(rng, 2, 5, 8)).to(dtype)
    for other in (dtype, torch.float32):
        weight = draw(rng, 8).to(other)
        got = submission.rms_norm(x, weight)
        is_true(isinstance(got, torch.Tensor), "rms_norm should return a tensor")
        is_true(
            got.dtype == dtype,
            f"x is {dtype} and the weight {other}: the result is {got.dtype}",
            cause="dtype_of_the_weight" if got.dtype == other else "",
        )
        equal(list(got.shape), [2, 5, 8])
        right = norm(x, weight)
        off = error(got, right)
        is_true(off < STEPS[dtype], f"the result is off by {100 * off:.2g} percent")


def test_gradients(submission, rng):
    """By x and by the weight, from torch's own backward pass; no epsilon keeps the gradient along x."""
    x, weight, upstream = draw(rng, 3, 4, 6), draw(rng, 6), draw(rng, 3, 4, 6)
    x[0, 0] = 0
    value, gradients = submission.value_and_grads(
        "rms_norm", x.requires_grad_(), weight.requires_grad_(), 0.01, upstream=upstream
    )
    close(value.detach(), norm(x.detach(), weight.detach(), 0.01), **EXACT)
    plain = x.detach()
    below = (plain.square().mean(dim=-1, keepdim=True) + 0.01).sqrt()
    inner = upstream * weight.detach()
    along = plain * (inner * plain).mean(dim=-1, keepdim=True) / below**3
    right = {"0": inner / below - along, "1": (upstream * plain / below).sum((0, 1))}
    for key, name in (("0", "x"), ("1", "the weight")):
        gradient = gradients.get(key)
        is_true(gradient is not None, f"{name} gets no gradient")
        causes = {"constant_root": inner / below} if key == "0" else {}
        close(gradient, right[key], rtol=1e-8, atol=1e-10, causes=causes)
