# A layer that takes LLaMA's weights (10 points, difficulty 4 of 5, about 50 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#a-layer-that-takes-llamas-weights
# To check it: minillm exercises check ch04.llama_layer

"""One layer of LLaMA, with the names that published weights have."""

import torch

from torch import nn


class LlamaLayer(nn.Module):
    """Attention and a gated feed-forward layer, each after a norm, each added to x."""

    def __init__(
        self,
        width: int,
        heads: int,
        kv_heads: int,
        ffn_width: int,
        eps: float = 1e-6,
        base: float = 10_000.0,
    ) -> None:
        super().__init__()
        raise NotImplementedError("two norms, an attention, a feed-forward layer")

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        """Take weights over by name; every name must fit."""
        self.load_state_dict(weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The layer applied to vectors (batch, time, width)."""
        raise NotImplementedError("norm, attention, add; norm, feed-forward, add")
