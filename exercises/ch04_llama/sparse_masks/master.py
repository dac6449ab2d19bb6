"""Patterns of sparse attention, what they cost, and how far they see."""

import torch


def band_mask(length: int, width: int) -> torch.Tensor:
    """Neighbors: a window of width keys with the query in its middle."""
    # solution:
    return dilated_mask(length, width, 1)
    # stub:
    raise NotImplementedError("keys at a distance of at most width // 2")
    # end


def dilated_mask(length: int, width: int, step: int) -> torch.Tensor:
    """A window of width keys that lie step places apart."""
    # solution:
    place = torch.arange(length)
    distance = (place[:, None] - place).abs()
    return (distance <= width // 2 * step) & (distance % step == 0)
    # stub:
    raise NotImplementedError("a band with gaps")
    # end


def global_mask(length: int, count: int) -> torch.Tensor:
    """The first count places see all and are seen by all."""
    # solution:
    first = torch.arange(length) < count
    return first[:, None] | first
    # stub:
    raise NotImplementedError("full rows and full columns")
    # end


def block_local_mask(length: int, block: int) -> torch.Tensor:
    """The sequence is cut into blocks; a place sees its own block."""
    # solution:
    number = torch.arange(length) // block
    return number[:, None] == number
    # stub:
    raise NotImplementedError("squares along the diagonal")
    # end


def longformer_mask(length: int, width: int, count: int) -> torch.Tensor:
    """A band and the first count places global."""
    # solution:
    return band_mask(length, width) | global_mask(length, count)
    # stub:
    raise NotImplementedError("band or global")
    # end


def star_mask(length: int) -> torch.Tensor:
    """Star-Transformer: a band of width 3 and one global place."""
    # solution:
    return longformer_mask(length, 3, 1)
    # stub:
    raise NotImplementedError("next neighbors and a relay")
    # end


def bigbird_mask(
    length: int, width: int, count: int, extra: int, seed: int
) -> torch.Tensor:
    """Longformer's mask and, in every row, extra hidden keys drawn at random."""
    # solution:
    mask = longformer_mask(length, width, count)
    draws = torch.Generator().manual_seed(seed)
    order = torch.rand(length, length, generator=draws).masked_fill(mask, 2.0)
    chosen = order.argsort(dim=1)[:, :extra]
    return mask.scatter(1, chosen, True)
    # stub:
    raise NotImplementedError("draw among what is hidden")
    # end


def dilated_pairs(length: int, width: int, step: int) -> int:
    """How many pairs the dilated mask lets through; step 1 is the band."""
    # solution:
    return length + sum(2 * max(length - i * step, 0) for i in range(1, width // 2 + 1))
    # stub:
    raise NotImplementedError("diagonal by diagonal")
    # end


def block_local_pairs(length: int, block: int) -> int:
    """How many pairs the block-local mask lets through."""
    # solution:
    whole, rest = divmod(length, block)
    return whole * block**2 + rest**2
    # stub:
    raise NotImplementedError("whole blocks, and the rest")
    # end


def longformer_pairs(length: int, width: int, count: int) -> int:
    """How many pairs Longformer's mask lets through."""
    # solution:
    count = min(count, length)
    full = length**2 - (length - count) ** 2
    return full + dilated_pairs(length - count, width, 1)
    # stub:
    raise NotImplementedError("global pairs, and the band among the others")
    # end


def hops(mask: torch.Tensor) -> int | None:
    """Layers until every place can have heard of every other; None for never."""
    # solution:
    step = (mask | torch.eye(len(mask), dtype=torch.bool)).float()
    known = torch.eye(len(mask))
    for layers in range(len(mask)):
        if known.all():
            return layers
        known = ((step @ known) > 0).float()
    return None
    # stub:
    raise NotImplementedError("multiply until nothing is new")
    # end
