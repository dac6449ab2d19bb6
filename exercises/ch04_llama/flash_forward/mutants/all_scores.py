# fails: test_no_large_tensor
# idea: all scores at once

import torch


def flash_forward(q, k, v, rows, columns, causal=False):
    scores = q @ k.mT * q.shape[-1] ** -0.5
    if causal:
        last = torch.arange(q.shape[-2])[:, None] + k.shape[-2] - q.shape[-2]
        scores = scores.masked_fill(torch.arange(k.shape[-2]) > last, -torch.inf)
    return scores.softmax(dim=-1).nan_to_num(nan=0.0) @ v, scores.logsumexp(dim=-1)
