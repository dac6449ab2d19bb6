"""Initial weights.

Source: Radford et al. 2018 and 2019 (GPT, GPT-2); Devlin et al. 2019 (BERT); book section 2.3.3 (errata E23: 0.02 is
the standard deviation).
"""

import math

from torch import nn

from minillm.nn.attention import Attention
from minillm.nn.feedforward import FeedForward, GatedFeedForward
from minillm.nn.positions import LearnedPositions


def initialize(module: nn.Module, std: float = 0.02, residual_layers: int | None = None) -> None:
    """Draw all weights from a normal distribution; biases become zero.

    Args:
        module: The model; its norms are left alone.
        std: Standard deviation.
        residual_layers: Number of layers whose outputs add up along the residual stream. The last matrix of every
            attention and feed-forward part is then drawn smaller, by the root of twice that number, so that the
            stream's variance does not grow with depth (GPT-2).

    Example:
        >>> initialize(nn.Linear(2, 2))

    Source: GPT-2, section 2.3.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=std)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.Embedding | LearnedPositions):
            nn.init.normal_(part.weight, std=std)
    if residual_layers is None:
        return
    for part in module.modules():
        if isinstance(part, Attention):
            nn.init.normal_(part.output.weight, std=std / math.sqrt(2 * residual_layers))
        elif isinstance(part, FeedForward | GatedFeedForward):
            nn.init.normal_(part.down.weight, std=std / math.sqrt(2 * residual_layers))
