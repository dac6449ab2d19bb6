# Heads without a loop (10 points, difficulty 3 of 5, about 30 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/02_transformer/exercises.html#heads-without-a-loop
# To check it: minillm exercises check ch02.heads

"""Attention with several heads, all computed at once."""

import torch
import torch.nn.functional as F


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """Cut (batch, time, width) into (batch, heads, time, width / heads)."""
    raise NotImplementedError("each head owns neighboring columns")


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """Put (batch, heads, time, head width) side by side again: (batch, time, width)."""
    raise NotImplementedError("undo the split")


def multi_head(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    """Self-attention without mask and biases, of shape (batch, time, width)."""
    raise NotImplementedError("project, split, attend, merge, project")


def contributions(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    """What each head adds to the result, of shape (heads, batch, time, width)."""
    raise NotImplementedError("each head owns rows of wo")
