"""Rotary positions in two layouts."""

import torch

# solution:


def _angles(positions: torch.Tensor, width: int, base: float) -> torch.Tensor:
    """Radians by position and pair, in double precision."""
    pair = torch.arange(0, width, 2, dtype=torch.float64)
    return positions.double()[:, None] / base ** (pair / width)


# end


def rotate_pairs(
    x: torch.Tensor, positions: torch.Tensor, base: float = 10_000.0
) -> torch.Tensor:
    """Turn neighboring dimensions: 0 with 1, 2 with 3, and so on."""
    # solution:
    angles = _angles(positions, x.shape[-1], base)
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0::2].double(), x[..., 1::2].double()
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1)
    return turned.flatten(-2).to(x.dtype)
    # stub:
    raise NotImplementedError("turn each pair by its angle")
    # end


def rotate_halves(
    x: torch.Tensor, positions: torch.Tensor, base: float = 10_000.0
) -> torch.Tensor:
    """Turn dimensions that lie half the width apart."""
    # solution:
    half = x.shape[-1] // 2
    angles = _angles(positions, x.shape[-1], base)
    cos, sin = angles.cos(), angles.sin()
    first, second = x[..., :half].double(), x[..., half:].double()
    turned = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.to(x.dtype)
    # stub:
    raise NotImplementedError("turn each pair by its angle")
    # end


def halves_order(width: int) -> torch.Tensor:
    """The order of dimensions that turns one layout into the other."""
    # solution:
    return torch.cat([torch.arange(0, width, 2), torch.arange(1, width, 2)])
    # stub:
    raise NotImplementedError("which dimension of the pairs goes where?")
    # end


def convert_projection(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Reorder a query or key matrix of interleaved heads for the half-split layout."""
    # solution:
    rows = weight.unflatten(0, (heads, -1))
    return rows[:, halves_order(rows.shape[1])].flatten(0, 1)
    # stub:
    raise NotImplementedError("reorder the rows of each head")
    # end
