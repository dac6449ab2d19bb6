"""Swish, its minimum, and the gated feed-forward layer."""

# solution:
import math

# end
import torch


def swish(x: torch.Tensor, beta: float = 1.0) -> torch.Tensor:
    """x times the logistic function of beta x."""
    # solution:
    return x * torch.sigmoid(beta * x)
    # stub:
    raise NotImplementedError("x times a sigmoid")
    # end


def swish_minimum(beta: float = 1.0) -> tuple[float, float]:
    """Where Swish is lowest, and how low."""
    # solution:
    # The slope is 0 where 1 + t - t s(t) = 0 for t = beta x, that is, exp(t) = -1 - t.
    low, high = -2.0, -1.0
    for _ in range(60):
        middle = (low + high) / 2
        if math.exp(middle) < -1 - middle:
            low = middle
        else:
            high = middle
    return low / beta, low / (1 + math.exp(-low)) / beta
    # stub:
    raise NotImplementedError("where is the slope 0?")
    # end


def swiglu(
    x: torch.Tensor, w: torch.Tensor, v: torch.Tensor, w2: torch.Tensor
) -> torch.Tensor:
    """The gated feed-forward layer of LLaMA."""
    # solution:
    return (swish(x @ w) * (x @ v)) @ w2
    # stub:
    raise NotImplementedError("a gate, a way up, a way down")
    # end


def swiglu_width(width: int, multiple: int = 256) -> int:
    """Inner width at which three matrices cost as much as two of width 4 d."""
    # solution:
    return -(8 * width // 3 // -multiple) * multiple
    # stub:
    raise NotImplementedError("8/3 of the width, rounded up to a multiple")
    # end
