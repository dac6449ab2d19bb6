# fails: test_all_at_once
# idea: one head after the other

import torch
import torch.nn.functional as F


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    return x.transpose(1, 2).flatten(2)


def multi_head(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    q, k, v = (split_heads(x @ w, heads) for w in (wq, wk, wv))
    return sum(contributions(x, wq, wk, wv, wo, heads).unbind())


def contributions(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    q, k, v = (split_heads(x @ w, heads) for w in (wq, wk, wv))
    mixed = F.scaled_dot_product_attention(q, k, v)
    size = x.shape[-1] // heads
    return torch.stack([mixed[:, j] @ wo[j * size : (j + 1) * size] for j in range(heads)])
