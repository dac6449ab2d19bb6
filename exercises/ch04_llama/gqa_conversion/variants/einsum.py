# idea: queries get an axis of their group, keys and values are never copied

import torch


def _checked(heads, groups):
    if groups <= 0 or heads % groups != 0:
        raise ValueError("groups must divide heads")
    return heads // groups


def pool_heads(weight, heads, groups):
    size = _checked(heads, groups)
    pieces = weight.reshape(*weight.shape[:-1], groups, size, weight.shape[-1] // heads)
    return torch.einsum("...gsd->...gd", pieces).div(size).reshape(*weight.shape[:-1], -1)


def repeat_heads(weight, groups, heads):
    size = _checked(heads, groups)
    pieces = weight.reshape(*weight.shape[:-1], groups, 1, -1)
    pieces = pieces.expand(*pieces.shape[:-2], size, pieces.shape[-1])
    return pieces.reshape(*weight.shape[:-1], -1)


def grouped_attention(x, wq, wk, wv, wo, heads):
    batch, time, _ = x.shape
    d = wq.shape[1] // heads
    groups = wk.shape[1] // d
    q = (x @ wq).view(batch, time, groups, heads // groups, d)
    k = (x @ wk).view(batch, time, groups, d)
    v = (x @ wv).view(batch, time, groups, d)
    scores = torch.einsum("btgsd,bugd->bgstu", q, k) / d**0.5
    past = torch.ones(time, time).tril().bool()
    a = scores.masked_fill(~past, float("-inf")).softmax(-1)
    mixed = torch.einsum("bgstu,bugd->btgsd", a, v)
    return mixed.reshape(batch, time, heads * d) @ wo


def cache_bytes_per_token(layers, kv_heads, head_width, bytes_per_number):
    one_head = head_width * bytes_per_number
    return layers * (kv_heads * one_head + kv_heads * one_head)
