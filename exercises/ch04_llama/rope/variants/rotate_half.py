# idea: x cos + rot(x) sin, as in libraries

import torch


def tables(positions, width, base):
    theta = 1 / base ** (torch.arange(0, width, 2).double() / width)
    angles = torch.outer(positions.double(), theta)
    return angles.cos(), angles.sin()


def rotate_halves(x, positions, base=10_000.0):
    cos, sin = (torch.cat([t, t], -1) for t in tables(positions, x.shape[-1], base))
    half = x.shape[-1] // 2
    rot = torch.cat([-x[..., half:], x[..., :half]], -1)
    return (x * cos + rot * sin).to(x.dtype)


def rotate_pairs(x, positions, base=10_000.0):
    cos, sin = (
        t.repeat_interleave(2, -1) for t in tables(positions, x.shape[-1], base)
    )
    rot = torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)
    return (x * cos + rot * sin).to(x.dtype)


def halves_order(width):
    return torch.tensor([*range(0, width, 2), *range(1, width, 2)])


def convert_projection(weight, heads):
    rows = weight.reshape(heads, -1, 2, weight.shape[1])
    return rows.transpose(1, 2).reshape(weight.shape)
