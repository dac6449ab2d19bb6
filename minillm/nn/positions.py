"""Positions that are added: sinusoidal vectors, learned vectors, and ALiBi's bias on the scores.

Rotary positions have a file of their own, :mod:`minillm.nn.rotary`.

Source: book section 2.2.1, equations (2.5) and (2.6); Press et al. 2021 (ALiBi).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput


def sinusoidal_positions(
    length: int,
    width: int,
    *,
    base: float = 10000.0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Float[Tensor, "length width"]:
    """Sines and cosines of geometrically falling frequencies, sine at even dimensions and cosine at odd ones.

    A shift by k turns every pair (2 i, 2 i + 1) by the angle ``k * base ** (-2 i / width)``; the book's listing, which
    doubles the exponent and gives the cosine another frequency, loses that (errata E5).

    Args:
        length: Positions, from 0.
        width: Model width; odd widths drop the last cosine.
        base: Of the geometric series.
        dtype: Of the result; computed in float64.
        device: Of the result.

    Returns:
        One row a position.

    Raises:
        InvalidInput: A size is below 1.

    Example:
        >>> [round(x, 5) for x in sinusoidal_positions(2, 4)[1].tolist()]
        [0.84147, 0.5403, 0.01, 0.99995]

    Source: book equations (2.5) and (2.6); Vaswani et al. 2017, section 3.5.
    """
    if length < 1 or width < 1:
        raise InvalidInput(f"{length} positions of width {width} were asked for; both must be 1 or more.")
    even = torch.arange(0, width, 2, dtype=torch.float64, device=device)
    angles = torch.arange(length, dtype=torch.float64, device=device)[:, None] * base ** (-even / width)
    pairs = torch.stack((angles.sin(), angles.cos()), dim=-1)
    return pairs.flatten(1)[:, :width].to(dtype)


class SinusoidalPositions:
    """The table of :func:`sinusoidal_positions`, made once and sliced at every step.

    No buffer: it follows the data's device and precision, is no part of a checkpoint and grows as needed.

    Args:
        width: Model width.
        length: Positions to prepare.

    Example:
        >>> SinusoidalPositions(4, length=16)(0, 5, None, torch.zeros(1)).shape
        torch.Size([5, 4])

    Source: book equations (2.5) and (2.6).
    """

    def __init__(self, width: int, length: int = 512) -> None:
        self.width, self.length = width, length
        self._table: Tensor | None = None

    def __call__(
        self, start: int, time: int, positions: Int[Tensor, "batch time"] | None, like: Tensor
    ) -> Float[Tensor, "time width"] | Float[Tensor, "batch time width"]:
        """Look positions up.

        Args:
            start: First position where ``positions`` is not given.
            time: Number of positions.
            positions: Positions of every row, where they are not simply ``start`` onwards.
            like: A tensor whose device and precision the result shall have.

        Returns:
            The vectors to add.

        Source: this project.
        """
        end = start + time
        if positions is not None and not torch.compiler.is_compiling():
            end = int(positions.max()) + 1
        table = self._table
        if table is None or end > self.length or table.device != like.device or table.dtype != like.dtype:
            self.length = max(end, self.length)
            # A table made in inference mode could not be used for training afterwards.
            with torch.inference_mode(False):
                table = sinusoidal_positions(self.length, self.width, dtype=like.dtype, device=like.device)
            self._table = table
        return table[start:end] if positions is None else table[positions]


class LearnedPositions(nn.Module):
    """A table with one learned vector a position.

    Args:
        length: Positions there are.
        width: Model width.
        offset: Rows before position 0 that are never looked up; BART has two.

    Example:
        >>> LearnedPositions(16, 8)(0, 5, None).shape
        torch.Size([5, 8])

    Source: book equation (2.13); Gehring et al. 2017.
    """

    def __init__(self, length: int, width: int, offset: int = 0) -> None:
        super().__init__()
        self.length, self.offset = length, offset
        self.weight = nn.Parameter(torch.empty(length + offset, width))
        nn.init.normal_(self.weight, std=0.02)

    def forward(
        self, start: int, time: int, positions: Int[Tensor, "batch time"] | None
    ) -> Float[Tensor, "time width"] | Float[Tensor, "batch time width"]:
        """Look positions up.

        Args:
            start: First position where ``positions`` is not given.
            time: Number of positions.
            positions: Positions of every row, where they are not simply ``start`` onwards.

        Returns:
            The vectors to add.

        Raises:
            InvalidInput: A position lies beyond the table.

        Source: this project.
        """
        if positions is None:
            if start + time > self.length:
                raise InvalidInput(
                    f"positions {start} to {start + time - 1} were asked for, but the model has {self.length} learned "
                    "positions; shorten the text or build the model with a longer context."
                )
            return self.weight[self.offset + start : self.offset + start + time]
        return nn.functional.embedding(positions + self.offset, self.weight)


def alibi_slopes(heads: int) -> Float[Tensor, "heads"]:
    """How steeply each head's scores fall with distance.

    Args:
        heads: Number of heads.

    Returns:
        ``2 ** (-8 i / heads)`` for i = 1 ... heads where that is a power of two; for other numbers the slopes of the
        power of two below, then every other slope of the power above.

    Raises:
        InvalidInput: There is no head.

    Example:
        >>> alibi_slopes(4).tolist()
        [0.25, 0.0625, 0.015625, 0.00390625]

    Source: Press et al. 2021, section 3 and the code that came with it.
    """
    if heads < 1:
        raise InvalidInput(f"{heads} heads were asked for; give 1 or more.")

    def series(count: int) -> list[float]:
        return [2.0 ** (-8.0 * i / count) for i in range(1, count + 1)]

    below = 1 << (heads.bit_length() - 1)
    return torch.tensor(series(below) + series(2 * below)[0::2][: heads - below])


def alibi_bias(
    heads: int, queries: int, keys: int | None = None, device: torch.device | str | None = None
) -> Float[Tensor, "heads queries keys"]:
    """Penalty that ALiBi adds to the scores: the slope times the distance back to the key.

    Args:
        heads: Number of heads.
        queries: Number of queries, the last of the keys' positions.
        keys: Number of keys; as many as queries by default.
        device: Where the bias lives.

    Returns:
        Zero at distance zero, negative behind; keys ahead get the same penalty as those behind (they are masked in
        causal models).

    Example:
        >>> alibi_bias(1, 2)[0].tolist()
        [[-0.0, -0.00390625], [-0.00390625, -0.0]]

    Source: Press et al. 2021, figure 3.
    """
    keys = queries if keys is None else keys
    query = torch.arange(keys - queries, keys, device=device)[:, None]
    distance = (query - torch.arange(keys, device=device)[None, :]).abs()
    return -alibi_slopes(heads).to(distance.device)[:, None, None] * distance
