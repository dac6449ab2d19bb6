# idea: cuts with chunk and stack; projects queries, keys and values by one product

import math

import torch


def split_heads(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


def merge_heads(x):
    return torch.cat(x.unbind(dim=1), dim=-1)


def attend(x, wq, wk, wv, heads):
    together = x @ torch.cat([wq, wk, wv], dim=1)
    q, k, v = together.view(*x.shape[:2], 3, heads, -1).permute(2, 0, 3, 1, 4)
    scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(q.shape[-1])
    return torch.matmul(scores.softmax(-1), v)


def multi_head(x, wq, wk, wv, wo, heads):
    mixed = attend(x, wq, wk, wv, heads)
    return torch.matmul(mixed.transpose(1, 2).reshape(x.shape), wo)


def contributions(x, wq, wk, wv, wo, heads):
    mixed = attend(x, wq, wk, wv, heads).transpose(0, 1)
    return torch.matmul(mixed, wo.view(heads, 1, -1, wo.shape[1]))
