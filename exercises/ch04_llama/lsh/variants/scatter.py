# idea: numpy's random numbers, vectors scaled to length 1, and sums by index_add

import numpy as np
import torch


def draw_rotations(width, buckets, rounds, seed):
    numbers = np.random.default_rng(seed).normal(size=(rounds, width, buckets // 2))
    return torch.from_numpy(numbers)


def lsh_buckets(x, rotations):
    x = x / x.norm(dim=-1, keepdim=True)
    both = torch.cat([rotations, -rotations], dim=-1)
    return torch.einsum("...ld,rdb->...rlb", x, both).argmax(-1)


def bucket_mask(query_buckets, key_buckets):
    q, k = query_buckets.mT.unsqueeze(-2), key_buckets.mT.unsqueeze(-3)
    return (q - k == 0).sum(-1) > 0


def update_clusters(sums, counts, x, decay):
    centroids = sums / counts[:, None]
    chosen = (x @ centroids.T - centroids.square().sum(-1) / 2).argmax(-1)
    number = torch.zeros_like(counts).index_add(0, chosen, torch.ones_like(x[:, 0]))
    total = torch.zeros_like(sums).index_add(0, chosen, x)
    moved = number > 0
    new_sums = torch.where(moved[:, None], decay * sums + (1 - decay) * total, sums)
    return new_sums, torch.where(moved, decay * counts + (1 - decay) * number, counts)
