# fails: test_huge_scores
# idea: exponentials of the scores as they are

import torch


def flash_forward(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    rows: int,
    columns: int,
    causal: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    queries, keys = q.shape[-2], k.shape[-2]
    shift = keys - queries
    output = v.new_zeros(*q.shape[:-1], v.shape[-1])
    log_sums = q.new_zeros(q.shape[:-1])
    for top in range(0, queries, rows):
        mine = q[..., top : top + rows, :] * q.shape[-1] ** -0.5
        place = torch.arange(top, top + mine.shape[-2]) + shift
        m = mine.new_zeros(mine.shape[:-1])
        l, z = torch.zeros_like(m), mine.new_zeros(*m.shape, v.shape[-1])
        end = min(keys, int(place[-1]) + 1) if causal else keys
        for left in range(0, end, columns):
            scores = mine @ k[..., left : left + columns, :].mT
            if causal:
                key = torch.arange(left, left + scores.shape[-1])
                scores = scores.masked_fill(key > place[:, None], -torch.inf)
            peak = torch.maximum(m, scores.amax(dim=-1))
            # Where nothing was seen, minus infinity less itself would be NaN.
            peak = torch.zeros_like(m)
            base = peak
            powers, kept = (scores - base[..., None]).exp(), (m - base).exp()
            l = kept * l + powers.sum(dim=-1)
            z = kept[..., None] * z + powers @ v[..., left : left + columns, :]
            m = peak
        output[..., top : top + rows, :] = z / l.masked_fill(l == 0, 1.0)[..., None]
        log_sums[..., top : top + rows] = m + l.log()
    return output, log_sums
