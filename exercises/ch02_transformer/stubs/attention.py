# Attention, and the rows that break it (12 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#attention-and-the-rows-that-break-it
# To check it: minillm exercises check ch02.attention

"""Scaled dot-product attention with any mask."""

import torch


def attention_weights(
    q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Weights of every query on every key, of shape (..., queries, keys)."""
    raise NotImplementedError("scores, mask, softmax")


def attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Values mixed by the weights, of shape (..., queries, value width)."""
    raise NotImplementedError("mix the values")
