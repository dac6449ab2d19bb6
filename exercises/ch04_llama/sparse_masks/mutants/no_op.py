# fails: test_unions
# idea: nothing sees anything

import torch


def band_mask(length, width):
    return torch.zeros(length, length, dtype=torch.bool)


def dilated_mask(length, width, step):
    return torch.zeros(length, length, dtype=torch.bool)


def global_mask(length, count):
    return torch.zeros(length, length, dtype=torch.bool)


def block_local_mask(length, block):
    return torch.zeros(length, length, dtype=torch.bool)


def longformer_mask(length, width, count):
    return torch.zeros(length, length, dtype=torch.bool)


def star_mask(length):
    return torch.zeros(length, length, dtype=torch.bool)


def bigbird_mask(length, width, count, extra, seed):
    return torch.zeros(length, length, dtype=torch.bool)


def dilated_pairs(length, width, step):
    return 0


def block_local_pairs(length, block):
    return 0


def longformer_pairs(length, width, count):
    return 0


def hops(mask):
    return None
