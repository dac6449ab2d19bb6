# fails: test_against_a_loop
# idea: scales by the root of the whole width

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
    return merge_heads(F.scaled_dot_product_attention(q, k, v, scale=x.shape[-1] ** -0.5)) @ wo


def contributions(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    q, k, v = (split_heads(x @ w, heads) for w in (wq, wk, wv))
    mixed = F.scaled_dot_product_attention(q, k, v, scale=x.shape[-1] ** -0.5)
    return (mixed @ wo.unflatten(0, (heads, -1))).transpose(0, 1)
