# idea: adds up unnormalized mixtures with NaN mended at once, and divides at the end

import torch


def _factor(part, m):
    return (part - m).exp().nan_to_num(nan=0.0)


def softmax_sums(scores):
    m = scores.max(dim=-1).values
    return m, _factor(scores, m[..., None]).sum(-1)


def merge_sums(a, b):
    m = torch.stack([a[0], b[0]]).max(dim=0).values
    return m, sum(l * _factor(peak, m) for peak, l in (a, b))


def softmax_part(scores, m, l):
    return (_factor(scores, m[..., None]) / l[..., None]).nan_to_num(nan=0.0)


def add_part(state, scores, values):
    if state is None:
        rows = scores.shape[:-1]
        width = values.shape[-1]
        state = (
            scores.new_full(rows, -torch.inf),
            scores.new_zeros(rows),
            scores.new_zeros(*rows, width),
        )
    m0, l0, z0 = state
    m1, l1 = softmax_sums(scores)
    m, l = merge_sums((m0, l0), (m1, l1))
    whole = (l0 * _factor(m0, m))[..., None] * z0
    whole = whole + _factor(scores, m[..., None]) @ values
    return m, l, torch.where(l[..., None] > 0, whole / l[..., None], 0.0)
