# fails: test_halves
# idea: i / d in the exponent

import torch



def _angles(positions: torch.Tensor, width: int, base: float) -> torch.Tensor:
    pair = torch.arange(width // 2, dtype=torch.float64)
    return positions.double()[:, None] / base ** (pair / width)




def rotate_pairs(
    x: torch.Tensor, positions: torch.Tensor, base: float = 10_000.0
) -> torch.Tensor:
    angles = _angles(positions, x.shape[-1], base)
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0::2].double(), x[..., 1::2].double()
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1)
    return turned.flatten(-2).to(x.dtype)


def rotate_halves(
    x: torch.Tensor, positions: torch.Tensor, base: float = 10_000.0
) -> torch.Tensor:
    half = x.shape[-1] // 2
    angles = _angles(positions, x.shape[-1], base)
    cos, sin = angles.cos(), angles.sin()
    first, second = x[..., :half].double(), x[..., half:].double()
    turned = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
    return turned.to(x.dtype)


def halves_order(width: int) -> torch.Tensor:
    return torch.cat([torch.arange(0, width, 2), torch.arange(1, width, 2)])


def convert_projection(weight: torch.Tensor, heads: int) -> torch.Tensor:
    rows = weight.unflatten(0, (heads, -1))
    return rows[:, halves_order(rows.shape[1])].flatten(0, 1)
