# Rotary positions, in two layouts (12 points, difficulty 3 of 5, about 40 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/04_llama/exercises.html#rotary-positions-in-two-layouts
# To check it: minillm exercises check ch04.rope

"""Rotary positions in two layouts."""

import torch


def rotate_pairs(
    x: torch.Tensor, positions: torch.Tensor, base: float = 10_000.0
) -> torch.Tensor:
    """Turn neighboring dimensions: 0 with 1, 2 with 3, and so on."""
    raise NotImplementedError("turn each pair by its angle")


def rotate_halves(
    x: torch.Tensor, positions: torch.Tensor, base: float = 10_000.0
) -> torch.Tensor:
    """Turn dimensions that lie half the width apart."""
    raise NotImplementedError("turn each pair by its angle")


def halves_order(width: int) -> torch.Tensor:
    """The order of dimensions that turns one layout into the other."""
    raise NotImplementedError("which dimension of the pairs goes where?")


def convert_projection(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Reorder a query or key matrix of interleaved heads for the half-split layout."""
    raise NotImplementedError("reorder the rows of each head")
