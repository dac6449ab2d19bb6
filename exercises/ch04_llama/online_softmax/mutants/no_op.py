# fails: test_sums
# idea: nothing but zeros

import torch


def softmax_sums(scores):
    return torch.zeros(scores.shape[:-1]), torch.zeros(scores.shape[:-1])


def merge_sums(a, b):
    return a


def softmax_part(scores, m, l):
    return torch.zeros_like(scores)


def add_part(state, scores, values):
    z = torch.zeros(*scores.shape[:-1], values.shape[-1])
    return (*softmax_sums(scores), z) if state is None else state
