# idea: one more key that only rows without any other see

import torch


def attention_weights(q, k, mask=None):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is None:
        return torch.softmax(scores, -1)
    mask = mask.expand(scores.shape)
    alone = ~mask.any(-1, keepdim=True)
    scores = torch.cat([scores, torch.zeros_like(scores[..., :1])], -1)
    allowed = torch.cat([mask, alone], -1)
    return scores.masked_fill(~allowed, float("-inf")).softmax(-1)[..., :-1]


def attention(q, k, v, mask=None):
    return attention_weights(q, k, mask) @ v
