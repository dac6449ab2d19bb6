# idea: goes through the scores one by one, and never forms the difference of two infinities

import torch


def _power(x, m):
    """exp(x - m), and 0 where x is minus infinity."""
    hidden = x == -torch.inf
    return torch.where(hidden, 0.0, torch.where(hidden, 0.0, x - m).exp())


def softmax_sums(scores):
    sums = None
    for score in scores.unbind(-1):
        one = score.clone(), (score > -torch.inf).to(score.dtype)
        sums = one if sums is None else merge_sums(sums, one)
    return sums


def merge_sums(a, b):
    (m0, l0), (m1, l1) = a, b
    m = torch.where(m0 > m1, m0, m1)
    return m, l0 * _power(m0, m) + l1 * _power(m1, m)


def softmax_part(scores, m, l):
    return _power(scores, m.unsqueeze(-1)) / l.clamp(min=1).unsqueeze(-1)


def add_part(state, scores, values):
    for i in range(scores.shape[-1]):
        score, value = scores[..., i], values[..., i, None, :]
        seen = (score > -torch.inf).to(score.dtype)
        if state is None:
            state = score.clone(), seen, seen[..., None] * value
            continue
        m, l = merge_sums(state[:2], (score, seen))
        old = state[1] * _power(state[0], m)
        whole = old[..., None] * state[2] + _power(score, m)[..., None] * value
        state = m, l, whole / l.clamp(min=1)[..., None]
    return state
