# idea: masks painted slice by slice, random keys by permutations, and reach by squaring the step

import torch


def band_mask(length, width):
    reach = width // 2
    full = torch.ones(length, length, dtype=torch.bool)
    return full.triu(-reach) & full.tril(reach)


def dilated_mask(length, width, step):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for k in range(-(width // 2), width // 2 + 1):
        if abs(k * step) < length:
            mask.diagonal(k * step).fill_(True)
    return mask


def global_mask(length, count):
    mask = torch.zeros(length, length, dtype=torch.bool)
    mask[:count] = True
    mask[:, :count] = True
    return mask


def block_local_mask(length, block):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for start in range(0, length, block):
        mask[start : start + block, start : start + block] = True
    return mask


def longformer_mask(length, width, count):
    mask = band_mask(length, width)
    mask[:count] = True
    mask[:, :count] = True
    return mask


def star_mask(length):
    return band_mask(length, 3) | global_mask(length, 1)


def bigbird_mask(length, width, count, extra, seed):
    torch.manual_seed(seed)
    mask = longformer_mask(length, width, count)
    for row in mask:
        hidden = (~row).nonzero().flatten()
        row[hidden[torch.randperm(len(hidden))[:extra]]] = True
    return mask


def dilated_pairs(length, width, step):
    reach = min(width // 2, (length - 1) // step)
    return length + 2 * (reach * length - step * reach * (reach + 1) // 2)


def block_local_pairs(length, block):
    rest = length % block
    return (length - rest) * block + rest * rest


def longformer_pairs(length, width, count):
    if count >= length:
        return length * length
    others = length - count
    return 2 * length * count - count**2 + dilated_pairs(others, width, 1)


def hops(mask):
    length = len(mask)
    powers = [(mask | torch.eye(length, dtype=torch.bool)).double()]
    while 2 ** len(powers) < length:
        powers.append((powers[-1] @ powers[-1]).clamp(max=1))
    known, done = torch.eye(length, dtype=torch.double), 0
    if known.all():
        return 0
    for exponent in reversed(range(len(powers))):
        further = (known @ powers[exponent]).clamp(max=1)
        if not further.all():
            known, done = further, done + 2**exponent
    return done + 1 if (known @ powers[0]).all() else None
