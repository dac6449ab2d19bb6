# idea: the loops as the book has them: keys outside, queries inside, and the output normalized at each step

import math

import torch


def flash_forward(q, k, v, rows, columns, causal=False):
    queries, keys = q.shape[-2], k.shape[-2]
    o = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
    l = torch.zeros(*q.shape[:-1], 1, dtype=q.dtype)
    m = torch.full_like(l, -math.inf)
    for j in range(math.ceil(keys / columns)):
        own = slice(j * columns, min((j + 1) * columns, keys))
        for i in range(math.ceil(queries / rows)):
            mine = slice(i * rows, min((i + 1) * rows, queries))
            if causal and own.start > mine.stop - 1 + keys - queries:
                continue
            s = q[..., mine, :] @ k[..., own, :].transpose(-2, -1) / math.sqrt(q.shape[-1])
            if causal:
                r = torch.arange(mine.start, mine.stop)[:, None] + keys - queries
                s = torch.where(torch.arange(own.start, own.stop) <= r, s, -math.inf)
            mi, li = m[..., mine, :], l[..., mine, :]
            new = torch.maximum(mi, s.amax(-1, keepdim=True))
            p = torch.nan_to_num(torch.exp(s - new))
            kept = torch.nan_to_num(torch.exp(mi - new)) * li
            total = kept + p.sum(-1, keepdim=True)
            mixed = (kept * o[..., mine, :] + p @ v[..., own, :]) / total.clamp(min=1e-300 if q.dtype == torch.float64 else 1e-30)
            o[..., mine, :], l[..., mine, :], m[..., mine, :] = mixed, total, new
    return o, (m + l.log()).squeeze(-1)
