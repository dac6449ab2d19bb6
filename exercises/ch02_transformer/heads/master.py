"""Attention with several heads, all computed at once."""

import torch
import torch.nn.functional as F


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    """Cut (batch, time, width) into (batch, heads, time, width / heads)."""
    # solution:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)
    # stub:
    raise NotImplementedError("each head owns neighboring columns")
    # end


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """Put (batch, heads, time, head width) side by side again: (batch, time, width)."""
    # solution:
    return x.transpose(1, 2).flatten(2)
    # stub:
    raise NotImplementedError("undo the split")
    # end


def multi_head(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    """Self-attention without mask and biases, of shape (batch, time, width)."""
    # solution:
    q, k, v = (split_heads(x @ w, heads) for w in (wq, wk, wv))
    return merge_heads(F.scaled_dot_product_attention(q, k, v)) @ wo
    # stub:
    raise NotImplementedError("project, split, attend, merge, project")
    # end


def contributions(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    """What each head adds to the result, of shape (heads, batch, time, width)."""
    # solution:
    q, k, v = (split_heads(x @ w, heads) for w in (wq, wk, wv))
    mixed = F.scaled_dot_product_attention(q, k, v)
    return (mixed @ wo.unflatten(0, (heads, -1))).transpose(0, 1)
    # stub:
    raise NotImplementedError("each head owns rows of wo")
    # end
