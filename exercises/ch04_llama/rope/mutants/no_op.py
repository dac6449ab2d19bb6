# fails: test_pairs
# idea: hands everything back

import torch


def rotate_pairs(x, positions, base=10_000.0):
    return x.clone()


def rotate_halves(x, positions, base=10_000.0):
    return x.clone()


def halves_order(width):
    return torch.arange(width)


def convert_projection(weight, heads):
    return weight.clone()
