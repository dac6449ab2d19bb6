"""Layer normalization and root-mean-square normalization.

Source: book sections 2.2.4 and 2.4.1, equations (2.10), (2.30) and (2.31).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class LayerNorm(nn.Module):
    """Centre and scale every vector, then stretch and shift it by learned amounts.

    The standard deviation is the population's and epsilon stands inside the root: the book's listing has it otherwise
    (errata E12, E13).

    Args:
        width: Width of the vectors.
        eps: Added to the variance.
        bias: Learn a shift as well; PaLM does not.

    Example:
        >>> LayerNorm(2)(torch.tensor([3.0, 4.0])).round(decimals=2).tolist()
        [-1.0, 1.0]

    Source: book equation (2.10); Ba et al. 2016.
    """

    def __init__(self, width: int, eps: float = 1e-5, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.shape = (width,)
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Normalize over the last axis.

        Args:
            x: Vectors.

        Returns:
            Vectors of the same shape.

        Source: book equation (2.10).
        """
        return F.layer_norm(x, self.shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return f"{self.shape[0]}, eps={self.eps}, bias={self.bias is not None}"


class RMSNorm(nn.Module):
    """Divide every vector by its root mean square, then stretch it by learned amounts.

    The mean of squares of half-precision vectors is taken in float32: the square of 256 is beyond float16.

    Args:
        width: Width of the vectors.
        eps: Added to the mean of squares, inside the root.

    Example:
        >>> [round(x, 5) for x in RMSNorm(2, eps=0.0)(torch.tensor([3.0, 4.0])).tolist()]
        [0.84853, 1.13137]

    Source: book equations (2.30) and (2.31); Zhang and Sennrich 2019.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.shape = (width,)
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Normalize over the last axis.

        Args:
            x: Vectors.

        Returns:
            Vectors of the same shape.

        Source: book equation (2.30).
        """
        # The kernel takes the mean of squares of half-precision numbers in float32; under autocast, where vectors are
        # of half precision and weights are not, it must be given both alike.
        return F.rms_norm(x, self.shape, self.weight.to(x.dtype), self.eps)

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return f"{self.shape[0]}, eps={self.eps}"
