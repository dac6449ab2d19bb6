# idea: named axes throughout

import torch


def split_heads(x, heads):
    batch, time, width = x.shape
    return x.reshape(batch, time, heads, width // heads).permute(0, 2, 1, 3)


def merge_heads(x):
    batch, heads, time, size = x.shape
    return x.permute(0, 2, 1, 3).reshape(batch, time, heads * size)


def contributions(x, wq, wk, wv, wo, heads):
    size = x.shape[-1] // heads
    q, k, v = (torch.einsum("btd,dhc->bhtc", x, w.reshape(-1, heads, size)) for w in (wq, wk, wv))
    p = torch.softmax(torch.einsum("bhqc,bhkc->bhqk", q, k) * size**-0.5, dim=-1)
    return torch.einsum("bhqk,bhkc,hcd->hbqd", p, v, wo.reshape(heads, size, -1))


def multi_head(x, wq, wk, wv, wo, heads):
    return contributions(x, wq, wk, wv, wo, heads).sum(dim=0)
