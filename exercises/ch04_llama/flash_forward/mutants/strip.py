# fails: test_no_large_tensor
# idea: tiles of queries against all keys

import torch


def flash_forward(q, k, v, rows, columns, causal=False):
    outputs, logs = [], []
    for top in range(0, q.shape[-2], rows):
        mine = q[..., top : top + rows, :]
        place = torch.arange(top, top + mine.shape[-2])[:, None] + k.shape[-2] - q.shape[-2]
        end = max(int(place[-1]) + 1, 1) if causal else k.shape[-2]
        scores = mine @ k[..., :end, :].mT * q.shape[-1] ** -0.5
        if causal:
            scores = scores.masked_fill(torch.arange(scores.shape[-1]) > place, -torch.inf)
        outputs.append(scores.softmax(dim=-1).nan_to_num(nan=0.0) @ v[..., :end, :])
        logs.append(scores.logsumexp(dim=-1))
    return torch.cat(outputs, dim=-2), torch.cat(logs, dim=-1)
