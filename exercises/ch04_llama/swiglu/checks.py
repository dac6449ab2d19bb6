"""Logistic functions written with math.exp, one number at a time; roots by Newton; whole matrices by sums."""

import math

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

EXACT = {"rtol": 1e-9, "atol": 1e-12}
SIZES = [((), 2, 3), ((4,), 1, 1), ((2, 3), 5, 7), ((1, 2, 2), 4, 12)]


def draw(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


def logistic(t):
    if t < 0:
        return math.exp(t) / (1 + math.exp(t))
    return 1 / (1 + math.exp(-t))


def each(f, x):
    values = [f(v) for v in x.flatten().tolist()]
    return torch.tensor(values, dtype=torch.float64).reshape(x.shape)


def curve(x, beta=1.0):
    return each(lambda v: v * logistic(beta * v), x)


def test_swish(submission, rng):
    for shape in [(9,), (2, 3), (2, 1, 4)]:
        x = 3 * draw(rng, *shape)
        for beta in (1.0, float(rng.uniform(1.5, 4))):
            causes = {
                "beta_ignored": curve(x),
                "beta_in_front": curve(x) * beta,
                "sigmoid_only": each(lambda v, b=beta: logistic(b * v), x),
                "relu": x.clamp(min=0),
            }
            close(submission.swish(x, beta), curve(x, beta), causes=causes, **EXACT)
    close(submission.swish(x), curve(x), **EXACT)
    close(submission.swish(x.float()), curve(x).float(), rtol=1e-5, atol=1e-6)


def test_limits(submission, rng):
    """Half of x for beta 0, and ReLU for a large beta."""
    x = draw(rng, 20) + torch.tensor([-2.0, 2.0]).repeat(10)
    x = torch.where(x.abs() < 0.1, 0.5, x)
    causes = {"identity": x, "relu": x.clamp(min=0), "beta_ignored": curve(x)}
    close(submission.swish(x, 0.0), x / 2, causes=causes, **EXACT)
    steep = submission.swish(x, 1e4)
    close(steep, x.clamp(min=0), causes={"beta_ignored": curve(x)}, **EXACT)
    near = submission.swish(x, 1e-6)
    close(near, x / 2, rtol=1e-5, causes={"identity": x})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_overflow(submission, rng, dtype):
    """Numbers whose exponential is infinite, with gradients."""
    far = torch.from_numpy(rng.uniform(800, 2000, size=4)).to(dtype)
    x = torch.cat([far, -far, torch.zeros(1, dtype=dtype), far / 1000])
    upstream = torch.ones_like(x)
    for beta in (1.0, 3.0):
        value, gradients = submission.value_and_grads(
            "swish", x.clone().requires_grad_(), beta, upstream=upstream
        )
        is_true(isinstance(value, torch.Tensor), "swish should return a tensor")
        right = curve(x.double(), beta).to(dtype)
        close(value.detach(), right, rtol=1e-5, atol=1e-6)
        gradient = gradients.get("0")
        is_true(gradient is not None, "x gets no gradient")
        is_true(
            bool(gradient.isfinite().all()),
            "the gradient of swish is not finite where x is large and negative",
            cause="overflow",
        )
        slope = each(
            lambda t, b=beta: logistic(b * t) * (1 + b * t * logistic(-b * t)),
            x.double(),
        )
        close(gradient, slope.to(dtype), rtol=1e-4, atol=1e-5)


def test_minimum(submission, rng):
    t = -1.0
    for _ in range(50):
        t -= (math.exp(t) + 1 + t) / (math.exp(t) + 1)
    for beta in (1.0, 2.0, float(rng.uniform(0.2, 0.9)), float(rng.uniform(3, 50))):
        right = (t / beta, t * logistic(t) / beta)
        causes = {
            "not_scaled": (t, t * logistic(t)),
            "value_not_scaled": (t / beta, t * logistic(t)),
        }
        close(submission.swish_minimum(beta), right, rtol=1e-6, causes=causes)


def layer(x, w, v, w2, activation=None):
    gate = curve(x @ w) if activation is None else activation(x @ w)
    return (gate * (x @ v)) @ w2


def mistakes(x, w, v, w2):
    return {
        "roles_swapped": layer(x, v, w, w2),
        "sigmoid_gate": layer(x, w, v, w2, torch.sigmoid),
        "relu_gate": layer(x, w, v, w2, torch.relu),
        "no_gate": curve(x @ w) @ w2,
        "both_bent": (curve(x @ w) * curve(x @ v)) @ w2,
        "bent_after": curve((x @ w) * (x @ v)) @ w2,
        "not_bent": layer(x, w, v, w2, lambda gate: gate),
    }


def matrices(rng, lead, width, inner):
    x, w, v, w2 = (
        draw(rng, *s)
        for s in [(*lead, width), (width, inner), (width, inner), (inner, width)]
    )
    return 2 * x, w, v, w2


def test_swiglu(submission, rng):
    for sizes in SIZES:
        arrays = matrices(rng, *sizes)
        got = submission.swiglu(*arrays)
        close(got, layer(*arrays), causes=mistakes(*arrays), **EXACT)


def test_roles(submission, rng):
    """The way up acts in proportion; a gate far below 0 is shut, one far above 0 lets pass in proportion."""
    x, w, v, w2 = matrices(rng, (3,), 4, 6)
    once = submission.swiglu(x, w, v, w2)
    is_true(isinstance(once, torch.Tensor), "swiglu should return a tensor")
    equal(list(once.shape), [3, 4])
    causes = {"roles_swapped": layer(x, -3 * v, w, w2)}
    got = submission.swiglu(x, w, -3 * v, w2)
    close(got, -3 * layer(x, w, v, w2), causes=causes, **EXACT)

    x = x.abs() + 0.1
    shut, wide = -1e4 * (w.abs() + 0.1), 1e4 * (w.abs() + 0.1)
    nothing = submission.swiglu(x, shut, v, w2)
    close(
        nothing,
        torch.zeros(3, 4, dtype=torch.float64),
        causes=mistakes(x, shut, v, w2),
        **EXACT,
    )
    passed = submission.swiglu(x, wide, v, w2)
    right = ((x @ wide) * (x @ v)) @ w2
    close(passed, right, causes=mistakes(x, wide, v, w2), **EXACT)


def test_swiglu_gradients(submission, rng):
    x, w, v, w2 = matrices(rng, (2, 3), 4, 5)
    upstream = draw(rng, 2, 3, 4)
    ours = [a.clone().requires_grad_() for a in (x, w, v, w2)]
    a, b = ours[0] @ ours[1], ours[0] @ ours[2]
    (((a / (1 + (-a).exp()) * b) @ ours[3]) * upstream).sum().backward()
    value, gradients = submission.value_and_grads(
        "swiglu", *(a.requires_grad_() for a in (x, w, v, w2)), upstream=upstream
    )
    close(value.detach(), layer(*(a.detach() for a in (x, w, v, w2))), **EXACT)
    for number, (name, a) in enumerate(zip(["x", "w", "v", "w2"], ours, strict=True)):
        gradient = gradients.get(str(number))
        is_true(gradient is not None, f"{name} gets no gradient")
        close(gradient, a.grad, rtol=1e-8, atol=1e-10)


def test_width(submission, rng):
    llama = {4096: 11_008, 5120: 13_824, 6656: 17_920, 8192: 22_016}
    for width, right in llama.items():
        causes = {
            "four_times": 4 * width,
            "rounded_down": 8 * width // 3 // 256 * 256,
            "not_rounded": 8 * width // 3,
        }
        equal(submission.swiglu_width(width), right, causes=causes)
    # 8/3 of the width is a multiple already: nothing is added.
    equal(submission.swiglu_width(96), 256)
    equal(submission.swiglu_width(3 * 256, 64), 2048)
    odd = 2 * int(rng.integers(10**17, 10**18)) + 1
    for width, multiple in [(1, 1), (2, 7), (10, 1), (odd, 1), (odd, 256), (odd, 10)]:
        inner = 8 * width // 3
        while inner % multiple:
            inner += 1
        through = math.ceil(8 * width / 3 / multiple) * multiple
        causes = {"floats": through} if width == odd else {}
        equal(submission.swiglu_width(width, multiple), inner, causes=causes)
