# idea: one round and one cluster after the other

import torch


def draw_rotations(width, buckets, rounds, seed):
    torch.manual_seed(seed)
    return torch.empty(rounds, width, buckets // 2, dtype=torch.double).normal_()


def lsh_buckets(x, rotations):
    found = []
    for matrix in rotations:
        y = x @ matrix
        top, where = y.max(dim=-1)
        low, below = y.min(dim=-1)
        found.append(torch.where(top > -low, where, below + matrix.shape[1]))
    return torch.stack(found, dim=-2)


def bucket_mask(query_buckets, key_buckets):
    rounds = zip(query_buckets.unbind(-2), key_buckets.unbind(-2))
    mask = None
    for q, k in rounds:
        same = q.unsqueeze(-1).eq(k.unsqueeze(-2))
        mask = same if mask is None else mask | same
    return mask


def update_clusters(sums, counts, x, decay):
    centroids = sums / counts.unsqueeze(1)
    distance = (x.unsqueeze(1) - centroids).pow(2).sum(-1)
    chosen = distance.argmin(1)
    sums, counts = sums.clone(), counts.clone()
    for c in chosen.unique().tolist():
        own = x[chosen == c]
        sums[c] = decay * sums[c] + (1 - decay) * own.sum(0)
        counts[c] = decay * counts[c] + (1 - decay) * len(own)
    return sums, counts
