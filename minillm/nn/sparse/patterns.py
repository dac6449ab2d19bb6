"""The five position-based patterns of sparse attention: global, band, dilated, random, block-local.

Each is a boolean matrix: entry (i, j) is True where query i may attend to key j. Patterns are joined with ``|``; for
a decoder, ``& torch.ones(length, length, dtype=torch.bool).tril()`` leaves only the past.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.nn.sparse.checks import require_at_least, require_square


def global_mask(length: int, positions: Sequence[int] = (0,)) -> Bool[Tensor, "length length"]:
    """Some positions attend to all and are attended to by all.

    Other positions do not see themselves; add ``torch.eye(length, dtype=torch.bool)`` where they should.

    Args:
        length: Number of positions.
        positions: The global ones.

    Returns:
        Mask with full rows and columns at these positions.

    Raises:
        InvalidInput: No length, or a position outside the sequence.

    Example:
        >>> global_mask(3).int().tolist()
        [[1, 1, 1], [1, 0, 0], [1, 0, 0]]

    Source:
        Book section 2.4.2, figure 2.9; Lin et al. 2022, A Survey of Transformers, https://arxiv.org/abs/2106.04554.
    """
    require_at_least(1, length=length)
    outside = [p for p in positions if not 0 <= p < length]
    if outside:
        raise InvalidInput(f"Global positions {outside} lie outside the sequence; allowed are 0 to {length - 1}.")
    chosen = torch.zeros(length, dtype=torch.bool)
    chosen[list(positions)] = True
    return chosen[:, None] | chosen[None, :]


def band_mask(length: int, width: int) -> Bool[Tensor, "length length"]:
    """Every position attends to its neighbors: a window that slides along the sequence.

    Args:
        length: Number of positions.
        width: Size of the whole window, the position itself in its middle: odd.

    Returns:
        Mask with a band around the diagonal.

    Raises:
        InvalidInput: No length, or an even width.

    Example:
        >>> band_mask(4, 3).int().tolist()
        [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]]

    Source:
        Book section 2.4.2, figure 2.9; Beltagy et al. 2020, section 3.1, https://arxiv.org/abs/2004.05150.
    """
    return dilated_mask(length, width, dilation=1)


def dilated_mask(length: int, width: int, dilation: int = 2) -> Bool[Tensor, "length length"]:
    """A band with gaps: every ``dilation``-th neighbor, so that as many keys reach further.

    Args:
        length: Number of positions.
        width: Number of keys in the window, the position itself in its middle: odd.
        dilation: Distance of one key to the next; 1 is the band.

    Returns:
        The mask.

    Raises:
        InvalidInput: No length, an even width, or a dilation below 1.

    Example:
        >>> dilated_mask(4, 3, dilation=2).int().tolist()
        [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]

    Source:
        Book section 2.4.2, figure 2.9; Beltagy et al. 2020, section 3.1, https://arxiv.org/abs/2004.05150.
    """
    require_at_least(1, length=length, width=width, dilation=dilation)
    if width % 2 == 0:
        raise InvalidInput(f"width={width} was given; a window around a position is odd: {width - 1} or {width + 1}.")
    position = torch.arange(length)
    distance = (position[:, None] - position[None, :]).abs()
    return (distance <= width // 2 * dilation) & (distance % dilation == 0)


def random_mask(length: int, count: int, generator: torch.Generator) -> Bool[Tensor, "length length"]:
    """Every position attends to a few drawn without replacement from all, itself among them.

    Args:
        length: Number of positions.
        count: Keys a query.
        generator: Source of the draws.

    Returns:
        Mask with exactly ``count`` entries in every row.

    Raises:
        InvalidInput: No length, or more keys than positions.

    Example:
        >>> random_mask(5, 2, torch.Generator().manual_seed(0)).sum(dim=1).tolist()
        [2, 2, 2, 2, 2]

    Source:
        Book section 2.4.2, figure 2.9; Zaheer et al. 2020, section 2, https://arxiv.org/abs/2007.14062.
    """
    require_at_least(1, length=length)
    require_at_least(0, count=count)
    if count > length:
        raise InvalidInput(f"count={count} keys a query were asked for; there are {length} positions to draw from.")
    keys = torch.rand(length, length, generator=generator).argsort(dim=1)[:, :count]
    return torch.zeros(length, length, dtype=torch.bool).scatter_(1, keys, True)


def block_local_mask(length: int, block: int) -> Bool[Tensor, "length length"]:
    """The sequence is cut into blocks, and attention stays within each.

    Args:
        length: Number of positions.
        block: Positions a block; the last may be shorter.

    Returns:
        Mask with square blocks along the diagonal.

    Raises:
        InvalidInput: No length or no block.

    Example:
        >>> block_local_mask(3, 2).int().tolist()
        [[1, 1, 0], [1, 1, 0], [0, 0, 1]]

    Source:
        Book section 2.4.2, figure 2.9; Liu et al. 2018, section 4.2.4, https://arxiv.org/abs/1801.10198.
    """
    require_at_least(1, length=length, block=block)
    number = torch.arange(length) // block
    return number[:, None] == number[None, :]


def density(mask: Bool[Tensor, "queries keys"]) -> float:
    """The share of all pairs that a mask lets through: its cost relative to full attention.

    Args:
        mask: A pattern.

    Returns:
        A share from 0 to 1.

    Raises:
        InvalidInput: The mask is not square.

    Example:
        >>> density(band_mask(64, 3))
        0.04638671875

    Source:
        Book section 2.4.2.
    """
    require_square(mask)
    return float(mask.double().mean())
