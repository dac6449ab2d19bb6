"""The functions that bend: ReLU, GELU, Swish and their kin.

Source: book sections 2.2.3 and 2.4.1, equations (2.8) and (2.34).
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from minillm.errors import InvalidInput

# gelu(x) = x sigmoid(SLOPE x + CUBE x^3), for tanh(u) = 2 sigmoid(2 u) - 1.
SLOPE = 2 * math.sqrt(2 / math.pi)
CUBE = 0.044715 * SLOPE
SMALL = 8192


class SigmoidGelu(torch.autograd.Function):
    """GELU's tanh form by way of the sigmoid, four times as fast on a CPU as the kernel that takes the tanh.

    Source: Hendrycks and Gimpel 2016, section 2.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Keep the sigmoid for the way back."""
        gate = _gate(x)
        ctx.save_for_backward(x, gate)
        return x * gate

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Multiply by ``s + x s (1 - s) (SLOPE + 3 CUBE x^2)``, where s is the sigmoid."""
        x, gate = ctx.saved_tensors
        slope = torch.tensor(SLOPE, dtype=x.dtype)
        if torch.is_grad_enabled():
            # Gradients of gradients: the gate must hang on x again.
            gate = torch.sigmoid(x * (slope + CUBE * x * x))
            return gradients[0] * (gate + x * gate * (1 - gate) * (slope + 3 * CUBE * x * x))
        inner = torch.addcmul(slope, x, x, value=3 * CUBE).mul_(x)
        return inner.addcmul_(inner, gate, value=-1).mul_(gate).add_(gate).mul_(gradients[0])


def _gate(x: Tensor) -> Tensor:
    return torch.addcmul(torch.tensor(SLOPE, dtype=x.dtype), x, x, value=CUBE).mul_(x).sigmoid_()


def gelu_tanh(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """GELU by its tanh approximation, which GPT uses.

    Args:
        x: Any numbers.

    Returns:
        Numbers of the same shape.

    Example:
        >>> gelu_tanh(torch.zeros(1)).tolist()
        [0.0]

    Source: Hendrycks and Gimpel 2016, equation in section 2.
    """
    exact = x.dtype in (torch.float32, torch.float64)
    if x.device.type != "cpu" or not exact or x.numel() < SMALL or torch.compiler.is_compiling():
        return F.gelu(x, approximate="tanh")
    return SigmoidGelu.apply(x)


def swish(x: Float[Tensor, "*shape"], beta: float = 1.0) -> Float[Tensor, "*shape"]:
    """Swish, x times sigmoid(beta x); SiLU at beta 1, x / 2 at beta 0 (the book says x: errata E35).

    Args:
        x: Any numbers.
        beta: Steepness of the gate.

    Returns:
        Numbers of the same shape.

    Example:
        >>> swish(torch.tensor([2.0]), beta=0.0).tolist()
        [1.0]

    Source: book equation (2.34); Ramachandran et al. 2017.
    """
    return F.silu(x) if beta == 1.0 else x * torch.sigmoid(beta * x)


def squared_relu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The square of ReLU.

    Args:
        x: Any numbers.

    Returns:
        Numbers of the same shape.

    Example:
        >>> squared_relu(torch.tensor([-1.0, 3.0])).tolist()
        [0.0, 9.0]

    Source: So et al. 2021 (Primer).
    """
    return F.relu(x).square()


def identity(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The number itself: the gate of the bilinear layer.

    Args:
        x: Any numbers.

    Returns:
        The same.

    Example:
        >>> identity(torch.ones(1)).tolist()
        [1.0]

    Source: Shazeer 2020, equation (5).
    """
    return x


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": gelu_tanh,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "identity": identity,
    "squared_relu": squared_relu,
}


def activation_function(name: str) -> Callable[[Tensor], Tensor]:
    """The activation of a name.

    Args:
        name: A key of ``ACTIVATIONS``.

    Returns:
        The function.

    Raises:
        InvalidInput: There is none of that name.

    Example:
        >>> activation_function("relu")(torch.tensor([-1.0])).tolist()
        [0.0]

    Source: this project.
    """
    if name not in ACTIVATIONS:
        raise InvalidInput(f"there is no activation {name!r}; choose one of {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]
