# idea: a softmax of each tile, put together by their log-sum-exps

import torch


def flash_forward(q, k, v, rows, columns, causal=False):
    shift = k.shape[-2] - q.shape[-2]
    outputs, logs, top = [], [], 0
    for mine in q.split(rows, dim=-2):
        place = shift + top + torch.arange(mine.shape[-2])
        top += mine.shape[-2]
        output = mine.new_zeros(*mine.shape[:-1], v.shape[-1])
        log = mine.new_full(mine.shape[:-1], -torch.inf)
        left = 0
        for key, value in zip(k.split(columns, dim=-2), v.split(columns, dim=-2)):
            if causal and left > int(place[-1]):
                break
            scores = (mine @ key.mT).div(mine.shape[-1] ** 0.5)
            if causal:
                later = left + torch.arange(key.shape[-2]) > place[:, None]
                scores = scores.masked_fill(later, -torch.inf)
            left += key.shape[-2]
            here = scores.logsumexp(dim=-1)
            both = torch.logaddexp(log, here)
            weights = (scores - both[..., None]).exp().nan_to_num(nan=0.0)
            kept = (log - both).exp().nan_to_num(nan=0.0)
            output = kept[..., None] * output + weights @ value
            log = both
        outputs.append(output)
        logs.append(log)
    return torch.cat(outputs, dim=-2), torch.cat(logs, dim=-1)
