# idea: splits into single heads and lets torch share the keys

import torch
import torch.nn.functional as F


def pool_heads(weight, heads, groups):
    if groups not in [g for g in range(1, heads + 1) if heads % g == 0]:
        raise ValueError(f"{groups} is no divisor of {heads}")
    single = weight.split(weight.shape[-1] // heads, dim=-1)
    size = heads // groups
    means = [torch.stack(single[i : i + size]).mean(0) for i in range(0, heads, size)]
    return torch.cat(means, dim=-1)


def repeat_heads(weight, groups, heads):
    if groups not in [g for g in range(1, heads + 1) if heads % g == 0]:
        raise ValueError(f"{groups} is no divisor of {heads}")
    single = weight.split(weight.shape[-1] // groups, dim=-1)
    return torch.cat([head for head in single for _ in range(heads // groups)], dim=-1)


def grouped_attention(x, wq, wk, wv, wo, heads):
    d = wq.shape[1] // heads

    def cut(w):
        return torch.stack((x @ w).split(d, dim=-1), dim=1)

    z = F.scaled_dot_product_attention(
        cut(wq), cut(wk), cut(wv), is_causal=True, enable_gqa=True
    )
    return torch.cat(z.unbind(1), dim=-1) @ wo


def cache_bytes_per_token(layers, kv_heads, head_width, bytes_per_number):
    return sum(2 * kv_heads * head_width * bytes_per_number for _ in range(layers))
