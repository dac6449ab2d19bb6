"""A sparse pattern as tiles: which blocks of queries meet which blocks of keys, and the mask inside each."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.nn.sparse.checks import require_at_least, require_square


@dataclass(frozen=True)
class RowGroup:
    """Rows of tiles that touch equally many tiles, so that they can be computed together without waste.

    Attributes:
        rows: Numbers of the blocks of queries.
        columns: For each of them the numbers of the key blocks that it touches.
        allowed: For each query of these blocks, which of the touched keys it may attend to.
    """

    rows: Int[Tensor, " rows"]
    columns: Int[Tensor, "rows touched"]
    allowed: Bool[Tensor, "rows block keys"]


@dataclass(frozen=True)
class BlockMask:
    """A mask cut into square tiles of which only those are kept that let something through.

    Attributes:
        length: Number of positions; the last block may stick out.
        block: Positions a block.
        groups: Its rows of tiles, grouped by how many tiles they touch.

    Example:
        >>> mask = BlockMask.band(length=1024, width=129, block=64)
        >>> mask.tiles, (1024 // 64) ** 2
        (46, 256)

    Source:
        Child et al. 2019, section 5.5, https://arxiv.org/abs/1904.10509; Zaheer et al. 2020, appendix D.
    """

    length: int
    block: int
    groups: tuple[RowGroup, ...]

    @property
    def tiles(self) -> int:
        """Number of tiles that are computed."""
        return sum(group.columns.numel() for group in self.groups)

    def flops(self, head_width: int) -> int:
        """Floating-point operations of one head's two matrix products, forward.

        Args:
            head_width: Width of queries, keys and values.

        Returns:
            Two operations for each multiplication with its addition.

        Example:
            >>> BlockMask.band(length=64, width=1, block=16).flops(8) == 4 * 64 * 16 * 8
            True
        """
        return 4 * self.tiles * self.block**2 * head_width

    @classmethod
    def from_dense(cls, mask: Bool[Tensor, "queries keys"], block: int) -> "BlockMask":
        """Cut any boolean mask into tiles.

        Args:
            mask: True where a query may attend to a key.
            block: Positions a block.

        Returns:
            The tiles that hold at least one True.

        Raises:
            InvalidInput: The mask is not square, or there is no block.

        Example:
            >>> BlockMask.from_dense(torch.eye(8, dtype=torch.bool), block=4).tiles
            2
        """
        require_square(mask)
        require_at_least(1, length=len(mask), block=block)
        count = math.ceil(len(mask) / block)
        padded = torch.nn.functional.pad(mask, (0, count * block - len(mask)) * 2)
        tiles = padded.unflatten(0, (count, block)).unflatten(2, (count, block)).transpose(1, 2)
        touched = tiles.any(dim=(2, 3))
        pairs = ((row, touched[row].nonzero()[:, 0]) for row in range(count))
        return cls(
            len(mask), block, _grouped(pairs, lambda row, columns: tiles[row, columns].transpose(0, 1).flatten(1))
        )

    @classmethod
    def band(cls, length: int, width: int, block: int, causal: bool = False) -> "BlockMask":
        """The tiles of a sliding window, made without ever making the whole mask.

        Args:
            length: Number of positions.
            width: Size of the whole window, the position itself in its middle: odd.
            block: Positions a block.
            causal: Leave out the window's second half.

        Returns:
            As ``from_dense`` gives for the band, in memory that grows with ``length * width``.

        Raises:
            InvalidInput: A number is below 1, or the width is even.

        Example:
            >>> BlockMask.band(length=100_000, width=257, block=128).tiles
            2344

        Source:
            Beltagy et al. 2020, section 3.2, https://arxiv.org/abs/2004.05150.
        """
        require_at_least(1, length=length, width=width, block=block)
        if width % 2 == 0:
            raise InvalidInput(f"width={width} was given; a window is odd: {width - 1} or {width + 1}.")
        reach, count, within = width // 2, math.ceil(length / block), torch.arange(block)

        def columns(row: int) -> Tensor:
            first, last = row * block, min(row * block + block, length) - 1
            end = last if causal else min(last + reach, length - 1)
            return torch.arange(max(first - reach, 0) // block, end // block + 1)

        def allowed(row: int, touched: Tensor) -> Tensor:
            query = row * block + within[:, None]
            key = (touched[:, None] * block + within).flatten()[None, :]
            near = (query - key <= reach) & (key - query <= (0 if causal else reach))
            return near & (query < length) & (key < length)

        return cls(length, block, _grouped(((row, columns(row)) for row in range(count)), allowed))


def _grouped(rows: Iterable[tuple[int, Tensor]], allowed: Callable[[int, Tensor], Tensor]) -> tuple[RowGroup, ...]:
    """Put rows together that touch equally many tiles; rows that touch none are left out."""
    by_count: dict[int, list[tuple[int, Tensor, Tensor]]] = {}
    for row, columns in rows:
        if len(columns):
            by_count.setdefault(len(columns), []).append((row, columns, allowed(row, columns)))
    return tuple(
        RowGroup(torch.tensor([r for r, _, _ in group]), *(torch.stack(x) for x in list(zip(*group, strict=True))[1:]))
        for group in by_count.values()
    )
