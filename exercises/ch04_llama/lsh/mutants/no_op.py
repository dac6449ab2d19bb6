# fails: test_buckets
# idea: one bucket for all, and clusters that never move

import torch


def draw_rotations(width, buckets, rounds, seed):
    return torch.zeros(rounds, width, buckets // 2, dtype=torch.float64)


def lsh_buckets(x, rotations):
    return torch.zeros(*x.shape[:-2], len(rotations), x.shape[-2], dtype=torch.int64)


def bucket_mask(query_buckets, key_buckets):
    size = *query_buckets.shape[:-2], query_buckets.shape[-1], key_buckets.shape[-1]
    return torch.ones(size, dtype=torch.bool)


def update_clusters(sums, counts, x, decay):
    return sums, counts
