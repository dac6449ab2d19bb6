"""What attention moves between a large, slow memory and a small, fast one: counted, and in closed form.

The unit is the element: one number of a tensor, whatever its size in bytes. On a GPU the large memory is HBM, the
small one the shared memory of a streaming multiprocessor.
"""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from minillm.errors import InvalidInput


@dataclass
class Traffic:
    """A counter of elements moved.

    Attributes:
        loaded: Elements read from the large memory.
        stored: Elements written to it.

    Example:
        >>> import torch
        >>> traffic = Traffic()
        >>> _ = traffic.load(torch.zeros(2, 3))
        >>> traffic.elements
        6
    """

    loaded: int = 0
    stored: int = 0

    @property
    def elements(self) -> int:
        """All elements moved."""
        return self.loaded + self.stored

    def load(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Count tensors as read.

        Args:
            tensors: What is read.

        Returns:
            The same tensors.
        """
        self.loaded += sum(x.numel() for x in tensors)
        return tensors

    def store(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Count tensors as written.

        Args:
            tensors: What is written.

        Returns:
            The same tensors.
        """
        self.stored += sum(x.numel() for x in tensors)
        return tensors


def standard_attention(
    query: Float[Tensor, "*batch queries head_width"],
    key: Float[Tensor, "*batch keys head_width"],
    value: Float[Tensor, "*batch keys value_width"],
    traffic: Traffic,
) -> Float[Tensor, "*batch queries value_width"]:
    """Attention as three separate steps, each of which reads and writes the large memory.

    Args:
        query: Queries.
        key: Keys.
        value: Values.
        traffic: Counts what is moved.

    Returns:
        The mixed values.

    Example:
        >>> import torch
        >>> x, traffic = torch.randn(8, 4), Traffic()
        >>> _ = standard_attention(x, x, x, traffic)
        >>> traffic.elements == standard_traffic(8, 4)
        True

    Source:
        Book equation 2.43, with the transpose and the scale that it lacks; Dao et al. 2022, algorithm 0.
    """
    q, k = traffic.load(query, key)
    (scores,) = traffic.store(q @ k.transpose(-2, -1) * query.shape[-1] ** -0.5)
    (scores,) = traffic.load(scores)
    (weights,) = traffic.store(scores.softmax(dim=-1))
    p, v = traffic.load(weights, value)
    (output,) = traffic.store(p @ v)
    return output


def standard_traffic(length: int, head_width: int) -> int:
    """Elements that standard attention moves for one head: scores and weights are written and read, 4T² + 4Td.

    Args:
        length: Positions T.
        head_width: Width d of queries, keys and values.

    Returns:
        Number of elements.

    Example:
        >>> standard_traffic(1024, 64)
        4456448

    Source:
        Book section 2.4.2; Dao et al. 2022, section 3.2.
    """
    return 4 * length**2 + 4 * length * head_width


def flash_traffic(length: int, head_width: int, columns: int) -> int:
    """Elements that FlashAttention moves for one head: 2Td + T_c (3Td + 4T).

    Keys and values are read once. For each of the T_c tiles of keys all queries and outputs are read and the outputs
    written, and two numbers a row, maximum and sum, are read and written.

    Args:
        length: Positions T.
        head_width: Width d of queries, keys and values.
        columns: Keys a tile; there are T/columns tiles, rounded up.

    Returns:
        Number of elements.

    Example:
        >>> rows, columns = tile_sizes(16384, 64)
        >>> round(standard_traffic(1024, 64) / flash_traffic(1024, 64, columns), 2)
        1.33

    Source:
        Book algorithm 2.1; Dao et al. 2022, algorithm 1 and theorem 2.
    """
    return 2 * length * head_width + math.ceil(length / columns) * (3 * length * head_width + 4 * length)


def tile_sizes(memory: int, head_width: int) -> tuple[int, int]:
    r"""Tile sizes for an on-chip memory: :math:`B_r=\min(\lceil M/4d\rceil, d)` and :math:`B_c=\lceil M/4d\rceil`.

    The numbers of tiles follow from the length T: :math:`\lceil T/B_r\rceil` and :math:`\lceil T/B_c\rceil`. The book
    prints M in the place of T there, which leaves rows unwritten where T is above M.

    Args:
        memory: Elements M that fit on the chip; four tiles share them.
        head_width: Width d of queries, keys and values.

    Returns:
        Rows (queries) and columns (keys) a tile.

    Raises:
        InvalidInput: A number below 1.

    Example:
        >>> tile_sizes(4096, 64)
        (16, 16)

    Source:
        Book algorithm 2.1, lines 1 to 3; Dao et al. 2022, algorithm 1.
    """
    if memory < 1 or head_width < 1:
        raise InvalidInput(f"memory={memory} and head_width={head_width} were given; both must be at least 1.")
    columns = math.ceil(memory / (4 * head_width))
    return min(columns, head_width), columns
