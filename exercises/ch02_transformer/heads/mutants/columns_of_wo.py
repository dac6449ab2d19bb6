# fails: test_a_head_owns_its_columns
# idea: cuts wo by columns: the heads fill different parts of the result

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
    return merge_heads(F.scaled_dot_product_attention(q, k, v)) @ wo


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
    whole = split_heads(merge_heads(mixed) @ wo, heads)
    result = x.new_zeros(heads, x.shape[0], x.shape[1], heads, x.shape[2] // heads)
    for j in range(heads):
        result[j, :, :, j] = whole[:, j]
    return result.flatten(3)
