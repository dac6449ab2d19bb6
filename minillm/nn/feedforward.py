"""Position-wise feed-forward layers: plain, and gated (SwiGLU and its family).

Source: book sections 2.2.3 and 2.4.1, equations (2.8) and (2.32) to (2.34); Shazeer 2020.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.nn.activations import activation_function


def gated_width(width: int, multiple: int = 256) -> int:
    """Width of a gated layer with as many parameters as a plain one of width 4 d: 8 d / 3, rounded up.

    Args:
        width: Model width d.
        multiple: The result is a multiple of this.

    Returns:
        The feed-forward width.

    Raises:
        InvalidInput: An argument is below 1.

    Example:
        >>> [gated_width(d) for d in (4096, 5120, 6656, 8192)]
        [11008, 13824, 17920, 22016]

    Source: Shazeer 2020, section 3; the code that came with LLaMA.
    """
    if width < 1 or multiple < 1:
        raise InvalidInput(f"width {width} and multiple {multiple} must both be 1 or more.")
    return multiple * ((8 * width // 3 + multiple - 1) // multiple)


class FeedForward(nn.Module):
    """Widen, bend, narrow: applied to every position alike.

    Args:
        width: Model width d.
        hidden: Width in between; ``4 * width`` by default.
        activation: A key of ``ACTIVATIONS``.
        bias: Give both layers a bias.
        dropout: Probability of dropping a hidden unit in training.

    Raises:
        InvalidInput: The activation is unknown.

    Example:
        >>> import torch
        >>> FeedForward(8)(torch.randn(1, 3, 8)).shape
        torch.Size([1, 3, 8])

    Source: book equation (2.8).
    """

    def __init__(
        self,
        width: int,
        hidden: int | None = None,
        *,
        activation: str = "relu",
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        hidden = 4 * width if hidden is None else hidden
        self.activation = activation_function(activation)
        self.dropout = dropout
        self.up = nn.Linear(width, hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Transform every position.

        Args:
            x: Hidden states.

        Returns:
            Hidden states of the same shape.

        Source: book equation (2.8).
        """
        hidden = self.activation(self.up(x))
        if self.dropout:
            hidden = F.dropout(hidden, self.dropout, self.training)
        return self.down(hidden)


class GatedFeedForward(nn.Module):
    """A feed-forward layer whose hidden units are multiplied by a gate, ``(f(x W) * x V) W_2``.

    The activation names the layer: ``silu`` SwiGLU, ``sigmoid`` GLU, ``relu`` ReGLU, ``gelu`` GeGLU, ``identity``
    bilinear.

    Args:
        width: Model width d.
        hidden: Width in between; :func:`gated_width` by default.
        activation: A key of ``ACTIVATIONS``.
        bias: Give all three layers a bias.
        dropout: Probability of dropping a hidden unit in training.

    Raises:
        InvalidInput: The activation is unknown.

    Example:
        >>> import torch
        >>> GatedFeedForward(8, 16)(torch.randn(1, 3, 8)).shape
        torch.Size([1, 3, 8])

    Source: book equations (2.32) and (2.33); Shazeer 2020.
    """

    def __init__(
        self,
        width: int,
        hidden: int | None = None,
        *,
        activation: str = "silu",
        bias: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        hidden = gated_width(width) if hidden is None else hidden
        self.activation = activation_function(activation)
        self.dropout = dropout
        self.gate = nn.Linear(width, hidden, bias=bias)
        self.up = nn.Linear(width, hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Transform every position.

        Args:
            x: Hidden states.

        Returns:
            Hidden states of the same shape.

        Source: book equation (2.32).
        """
        hidden = self.activation(self.gate(x)) * self.up(x)
        if self.dropout:
            hidden = F.dropout(hidden, self.dropout, self.training)
        return self.down(hidden)
