# idea: loops over pairs, Python's random numbers, and sets of places heard of

import random

import torch


def _mask(length, rule):
    return torch.tensor([[rule(i, j) for j in range(length)] for i in range(length)])


def band_mask(length, width):
    return _mask(length, lambda i, j: 2 * abs(i - j) < width)


def dilated_mask(length, width, step):
    keys = {k * step for k in range(width // 2 + 1)}
    return _mask(length, lambda i, j: abs(i - j) in keys)


def global_mask(length, count):
    return _mask(length, lambda i, j: min(i, j) < count)


def block_local_mask(length, block):
    return _mask(length, lambda i, j: i // block == j // block)


def longformer_mask(length, width, count):
    return _mask(length, lambda i, j: min(i, j) < count or 2 * abs(i - j) < width)


def star_mask(length):
    return _mask(length, lambda i, j: i * j == 0 or abs(i - j) <= 1)


def bigbird_mask(length, width, count, extra, seed):
    draws, mask = random.Random(seed), longformer_mask(length, width, count)
    for i in range(length):
        hidden = [j for j in range(length) if not mask[i, j]]
        mask[i, draws.sample(hidden, min(extra, len(hidden)))] = True
    return mask


def dilated_pairs(length, width, step):
    distances = (k * step for k in range(1, width // 2 + 1))
    return length + sum(2 * (length - d) for d in distances if d < length)


def block_local_pairs(length, block):
    return (length // block) * block * block + (length % block) ** 2


def longformer_pairs(length, width, count):
    band = dilated_pairs(max(length - count, 0), width, 1)
    rows = min(count, length)
    return rows * length + (length - rows) * rows + band


def hops(mask):
    sees = [set(row.nonzero().flatten().tolist()) | {i} for i, row in enumerate(mask)]
    known, layers = [{i} for i in range(len(mask))], 0
    while any(len(places) < len(mask) for places in known):
        further = [set().union(*(known[j] for j in sees[i])) for i in range(len(mask))]
        if further == known:
            return None
        known, layers = further, layers + 1
    return layers
