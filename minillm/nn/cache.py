"""Keys and values of the tokens read so far, kept so that a new token costs one position, not all.

Memory is allocated once, for the longest text the cache may hold; a step writes into a slice and reads a slice.

Source: book section 2.4.2 (cost of the cache); Pope et al. 2022.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minillm.errors import InvalidInput


class KeysValues(NamedTuple):
    """Keys and values of a source text, projected once and attended to at every step of decoding.

    Attributes:
        keys: (batch, kv_heads, keys, head_width).
        values: Of the same shape.
    """

    keys: Float[Tensor, "batch kv_heads keys head_width"]
    values: Float[Tensor, "batch kv_heads keys head_width"]


class LayerCache(NamedTuple):
    """One layer's part of the cache during one forward pass.

    Attributes:
        keys: (batch, kv_heads, length, head_width), filled up to ``start``.
        values: Of the same shape.
        start: Where the new keys and values go.
    """

    keys: Float[Tensor, "batch kv_heads length head_width"]
    values: Float[Tensor, "batch kv_heads length head_width"]
    start: int

    def append(
        self,
        keys: Float[Tensor, "batch kv_heads time head_width"],
        values: Float[Tensor, "batch kv_heads time head_width"],
    ) -> tuple[
        Float[Tensor, "batch kv_heads filled head_width"],
        Float[Tensor, "batch kv_heads filled head_width"],
    ]:
        """Write new keys and values behind the old ones.

        Args:
            keys: Keys of the new positions.
            values: Values of the new positions.

        Returns:
            All keys and values so far, as views into the cache.

        Source: this project.
        """
        end = self.start + keys.shape[2]
        self.keys[:, :, self.start : end] = keys
        self.values[:, :, self.start : end] = values
        return self.keys[:, :, :end], self.values[:, :, :end]


class KVCache:
    """The key/value cache of all layers of a model.

    Args:
        layers: Number of layers.
        batch: Rows.
        kv_heads: Key/value heads of a layer.
        length: Most positions it can hold.
        head_width: Width of a head.
        dtype: Of the numbers kept; float32 by default.
        device: Where they are kept.

    Attributes:
        length: Positions filled so far, the same for every row.
        capacity: Most positions it can hold.
        cross: Keys and values of an encoder's output, one pair a layer; None until the first step has made them.
        cross_mask: True at the source's real tokens, (batch, source); None where all are.
        step: What a model has prepared for steps of one token. Like the keys and values it is void once the weights
            change.

    Example:
        >>> cache = KVCache(layers=2, batch=1, kv_heads=4, length=16, head_width=8)
        >>> cache.length, cache.capacity, cache.bytes
        (0, 16, 8192)

    Source: book section 2.4.2: 2 L g d_k numbers a position, g key/value heads of width d_k.
    """

    def __init__(
        self,
        layers: int,
        batch: int,
        kv_heads: int,
        length: int,
        head_width: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str | None = None,
    ) -> None:
        if min(layers, batch, kv_heads, length, head_width) < 1:
            raise InvalidInput(
                f"a cache of {layers} layers, {batch} rows, {kv_heads} heads, {length} positions of width "
                f"{head_width} is empty; each must be 1 or more."
            )
        shape = (batch, kv_heads, length, head_width)
        # Zeros, not empty: what a mask hides is still multiplied, and NaN times zero is NaN.
        self.keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(layers)]
        self.values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(layers)]
        self.length = 0
        self.capacity = length
        self.cross: list[KeysValues] | None = None
        self.cross_mask: Bool[Tensor, "batch source"] | None = None
        self.step: Any = None

    @property
    def batch(self) -> int:
        """Rows."""
        return self.keys[0].shape[0]

    @property
    def bytes(self) -> int:
        """Bytes held for keys and values, cross-attention's included."""
        held = [*self.keys, *self.values, *(part for pair in self.cross or () for part in pair)]
        return sum(part.numel() * part.element_size() for part in held)

    def reserve(self, time: int) -> int:
        """Check that ``time`` more positions fit.

        Args:
            time: New positions.

        Returns:
            Where they start.

        Raises:
            InvalidInput: They do not fit.

        Example:
            >>> KVCache(1, 1, 1, 4, 2).reserve(4)
            0

        Source: this project.
        """
        if self.length + time > self.capacity:
            raise InvalidInput(
                f"the cache holds {self.length} of {self.capacity} positions and cannot take {time} more; "
                "make it longer with new_cache(batch, length)."
            )
        return self.length

    def layer(self, index: int) -> LayerCache:
        """One layer's part for this forward pass.

        Args:
            index: The layer.

        Returns:
            Its keys, values and the place of the next.

        Example:
            >>> KVCache(1, 1, 1, 4, 2).layer(0).start
            0

        Source: this project.
        """
        return LayerCache(self.keys[index], self.values[index], self.length)

    def advance(self, time: int) -> None:
        """Count ``time`` positions as filled, after every layer has written them.

        Args:
            time: New positions.

        Example:
            >>> cache = KVCache(1, 1, 1, 4, 2)
            >>> cache.advance(3)
            >>> cache.length
            3

        Source: this project.
        """
        self.length += time

    def truncate(self, length: int) -> None:
        """Forget what lies behind the first ``length`` positions.

        Args:
            length: Positions to keep.

        Raises:
            InvalidInput: Fewer are filled.

        Example:
            >>> cache = KVCache(1, 1, 1, 4, 2)
            >>> cache.advance(3)
            >>> cache.truncate(1)
            >>> cache.length
            1

        Source: this project.
        """
        if not 0 <= length <= self.length:
            raise InvalidInput(f"cannot keep {length} positions of {self.length} filled; give 0 to {self.length}.")
        self.length = length

    def select(self, rows: Int[Tensor, "rows"]) -> None:
        """Keep the given rows in the given order: beams that go on, a finished row dropped, one row repeated.

        Args:
            rows: Indices of rows; one may occur several times.

        Example:
            >>> cache = KVCache(1, 2, 1, 4, 2)
            >>> cache.select(torch.tensor([1, 1, 0]))
            >>> cache.batch
            3

        Source: this project.
        """
        filled = self.length
        for kept in (self.keys, self.values):
            for index, old in enumerate(kept):
                new = old if len(rows) == old.shape[0] else old.new_zeros((len(rows), *old.shape[1:]))
                new[:, :, :filled] = old[rows, :, :filled]
                kept[index] = new
        if self.cross is not None:
            self.cross = [KeysValues(keys[rows], values[rows]) for keys, values in self.cross]
        if self.cross_mask is not None:
            self.cross_mask = self.cross_mask[rows]
