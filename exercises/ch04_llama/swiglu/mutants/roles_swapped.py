# fails: test_roles
# idea: bends the way up

import math

import torch


def swish(x: torch.Tensor, beta: float = 1.0) -> torch.Tensor:
    return x * torch.sigmoid(beta * x)


def swish_minimum(beta: float = 1.0) -> tuple[float, float]:
    # The slope is 0 where 1 + t - t s(t) = 0 for t = beta x, that is, exp(t) = -1 - t.
    low, high = -2.0, -1.0
    for _ in range(60):
        middle = (low + high) / 2
        if math.exp(middle) < -1 - middle:
            low = middle
        else:
            high = middle
    return low / beta, low / (1 + math.exp(-low)) / beta


def swiglu(
    x: torch.Tensor, w: torch.Tensor, v: torch.Tensor, w2: torch.Tensor
) -> torch.Tensor:
    return ((x @ w) * swish(x @ v)) @ w2


def swiglu_width(width: int, multiple: int = 256) -> int:
    return -(8 * width // 3 // -multiple) * multiple
