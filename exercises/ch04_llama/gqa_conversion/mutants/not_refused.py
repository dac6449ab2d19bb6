# fails: test_refuses
# idea: rounds where the groups do not come out even

import torch
import torch.nn.functional as F


def pool_heads(weight: torch.Tensor, heads: int, groups: int) -> torch.Tensor:
    if groups < 1:
        raise ValueError(f"{heads} heads cannot be shared out among {groups} groups")
    return weight.unflatten(-1, (groups, heads // groups, -1)).mean(dim=-2).flatten(-2)


def repeat_heads(weight: torch.Tensor, groups: int, heads: int) -> torch.Tensor:
    if groups < 1:
        raise ValueError(f"{heads} heads cannot share {groups} groups")
    each = weight.unflatten(-1, (groups, -1))
    return each.repeat_interleave(heads // groups, dim=-2).flatten(-2)


def grouped_attention(
    x: torch.Tensor,
    wq: torch.Tensor,
    wk: torch.Tensor,
    wv: torch.Tensor,
    wo: torch.Tensor,
    heads: int,
) -> torch.Tensor:
    width = wq.shape[1] // heads
    q, k, v = (
        (x @ w).unflatten(-1, (-1, width)).transpose(1, 2) for w in (wq, wk, wv)
    )
    k, v = (y.repeat_interleave(heads // y.shape[1], dim=1) for y in (k, v))
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return mixed.transpose(1, 2).flatten(2) @ wo


def cache_bytes_per_token(
    layers: int, kv_heads: int, head_width: int, bytes_per_number: int
) -> int:
    return 2 * layers * kv_heads * head_width * bytes_per_number
