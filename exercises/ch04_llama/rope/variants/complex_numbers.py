# idea: one complex product; the other layout by way of the order

import torch


def rotate_pairs(x, positions, base=10_000.0):
    width = x.shape[-1]
    theta = base ** (-torch.arange(width // 2, dtype=torch.float64) * 2 / width)
    turn = torch.polar(torch.ones(1).double(), positions.double()[:, None] * theta)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)


def halves_order(width):
    return torch.arange(width).reshape(-1, 2).T.reshape(-1)


def rotate_halves(x, positions, base=10_000.0):
    order = halves_order(x.shape[-1])
    back = order.argsort()
    return rotate_pairs(x[..., back], positions, base)[..., order]


def convert_projection(weight, heads):
    size = len(weight) // heads
    order = halves_order(size)
    return torch.cat([head[order] for head in weight.split(size)])
