# Sparse patterns, their cost and their reach (12 points, difficulty 3 of 5, about 45 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#sparse-patterns-their-cost-and-their-reach
# To check it: minillm exercises check ch04.sparse_masks

"""Patterns of sparse attention, what they cost, and how far they see."""

import torch


def band_mask(length: int, width: int) -> torch.Tensor:
    """Neighbors: a window of width keys with the query in its middle."""
    raise NotImplementedError("keys at a distance of at most width // 2")


def dilated_mask(length: int, width: int, step: int) -> torch.Tensor:
    """A window of width keys that lie step places apart."""
    raise NotImplementedError("a band with gaps")


def global_mask(length: int, count: int) -> torch.Tensor:
    """The first count places see all and are seen by all."""
    raise NotImplementedError("full rows and full columns")


def block_local_mask(length: int, block: int) -> torch.Tensor:
    """The sequence is cut into blocks; a place sees its own block."""
    raise NotImplementedError("squares along the diagonal")


def longformer_mask(length: int, width: int, count: int) -> torch.Tensor:
    """A band and the first count places global."""
    raise NotImplementedError("band or global")


def star_mask(length: int) -> torch.Tensor:
    """Star-Transformer: a band of width 3 and one global place."""
    raise NotImplementedError("next neighbors and a relay")


def bigbird_mask(
    length: int, width: int, count: int, extra: int, seed: int
) -> torch.Tensor:
    """Longformer's mask and, in every row, extra hidden keys drawn at random."""
    raise NotImplementedError("draw among what is hidden")


def dilated_pairs(length: int, width: int, step: int) -> int:
    """How many pairs the dilated mask lets through; step 1 is the band."""
    raise NotImplementedError("diagonal by diagonal")


def block_local_pairs(length: int, block: int) -> int:
    """How many pairs the block-local mask lets through."""
    raise NotImplementedError("whole blocks, and the rest")


def longformer_pairs(length: int, width: int, count: int) -> int:
    """How many pairs Longformer's mask lets through."""
    raise NotImplementedError("global pairs, and the band among the others")


def hops(mask: torch.Tensor) -> int | None:
    """Layers until every place can have heard of every other; None for never."""
    raise NotImplementedError("multiply until nothing is new")
