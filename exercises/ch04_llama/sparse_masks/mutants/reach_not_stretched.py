# fails: test_band_and_dilated
# idea: gaps inside the old window

import torch


def band_mask(length: int, width: int) -> torch.Tensor:
    return dilated_mask(length, width, 1)


def dilated_mask(length: int, width: int, step: int) -> torch.Tensor:
    place = torch.arange(length)
    distance = (place[:, None] - place).abs()
    return (distance <= width // 2) & (distance % step == 0)


def global_mask(length: int, count: int) -> torch.Tensor:
    first = torch.arange(length) < count
    return first[:, None] | first


def block_local_mask(length: int, block: int) -> torch.Tensor:
    number = torch.arange(length) // block
    return number[:, None] == number


def longformer_mask(length: int, width: int, count: int) -> torch.Tensor:
    return band_mask(length, width) | global_mask(length, count)


def star_mask(length: int) -> torch.Tensor:
    return longformer_mask(length, 3, 1)


def bigbird_mask(
    length: int, width: int, count: int, extra: int, seed: int
) -> torch.Tensor:
    mask = longformer_mask(length, width, count)
    draws = torch.Generator().manual_seed(seed)
    order = torch.rand(length, length, generator=draws).masked_fill(mask, 2.0)
    chosen = order.argsort(dim=1)[:, :extra]
    return mask.scatter(1, chosen, True)


def dilated_pairs(length: int, width: int, step: int) -> int:
    return length + sum(2 * max(length - i * step, 0) for i in range(1, width // 2 + 1))


def block_local_pairs(length: int, block: int) -> int:
    whole, rest = divmod(length, block)
    return whole * block**2 + rest**2


def longformer_pairs(length: int, width: int, count: int) -> int:
    count = min(count, length)
    full = length**2 - (length - count) ** 2
    return full + dilated_pairs(length - count, width, 1)


def hops(mask: torch.Tensor) -> int | None:
    step = (mask | torch.eye(len(mask), dtype=torch.bool)).float()
    known = torch.eye(len(mask))
    for layers in range(len(mask)):
        if known.all():
            return layers
        known = ((step @ known) > 0).float()
    return None
