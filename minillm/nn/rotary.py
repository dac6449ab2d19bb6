"""Rotary position embedding: queries and keys are turned by an angle that grows with their position.

A score then depends on the *distance* of query and key only. Three layouts say which two numbers form a pair; they
are one rotation up to a fixed permutation of the dimensions. The models use the half-split layout, as Hugging Face
does.

Source: book section 2.4.1, equations (2.35) to (2.38); Su et al. 2021 (RoFormer).
"""

from typing import NamedTuple

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from minillm.errors import InvalidInput


class RopeScaling(NamedTuple):
    """How LLaMA 3.1 slows its low frequencies so that a context longer than the trained one fits.

    Attributes:
        factor: By how much the low frequencies are divided.
        low_freq_factor: Waves longer than ``original_context / low_freq_factor`` are divided.
        high_freq_factor: Waves shorter than ``original_context / high_freq_factor`` stay; between, a blend.
        original_context: Context length of pre-training.
    """

    factor: float = 8.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_context: int = 8192


def rotary_frequencies(
    head_width: int, base: float = 10000.0, scaling: RopeScaling | None = None, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "pairs"]:
    """Angle by which each pair of dimensions turns from one position to the next.

    Args:
        head_width: Width of a head, even.
        base: Of the geometric series of frequencies.
        scaling: LLaMA 3.1's stretching of the low frequencies.
        dtype: Precision of the computation; checkpoints are trained with float32.

    Returns:
        Radians a position, ``base ** (-2 i / head_width)`` for pair i before scaling.

    Raises:
        InvalidInput: The width is odd or not positive.

    Example:
        >>> rotary_frequencies(4).tolist()
        [1.0, 0.009999999776482582]

    Source: RoFormer, section 3.2.2 (the book never defines theta: errata E36); Llama 3 report for the scaling.
    """
    if head_width < 2 or head_width % 2:
        raise InvalidInput(f"rotary positions need pairs of dimensions, but a head is {head_width} wide; make it even.")
    # On the CPU whatever the default device: a model that is built on "meta" still needs true numbers.
    pairs = torch.arange(0, head_width, 2, dtype=dtype, device="cpu")
    frequencies = 1.0 / (base ** (pairs / head_width))
    if scaling is None:
        return frequencies
    wave = 2 * torch.pi / frequencies
    longest, shortest = (
        scaling.original_context / scaling.low_freq_factor,
        scaling.original_context / scaling.high_freq_factor,
    )
    blend = (scaling.original_context / wave - scaling.low_freq_factor) / (
        scaling.high_freq_factor - scaling.low_freq_factor
    )
    blended = (1 - blend) * frequencies / scaling.factor + blend * frequencies
    slowed = torch.where(wave > longest, frequencies / scaling.factor, blended)
    return torch.where(wave < shortest, frequencies, slowed)


class Rotation(NamedTuple):
    """Cosines and sines for given positions, both of full head width, in the half-split layout.

    Attributes:
        cos: (..., time, head_width); the second half repeats the first.
        sin: The same, with the first half negated: a swap of the halves and two products then rotate.
    """

    cos: Float[Tensor, "... time head_width"]
    sin: Float[Tensor, "... time head_width"]


def rotation(positions: Tensor, frequencies: Float[Tensor, "pairs"]) -> Rotation:
    """Cosines and sines of the angles at the given positions.

    Args:
        positions: (..., time), whole or fractional.
        frequencies: Radians a position, by pair.

    Returns:
        Both of shape (..., time, 2 * pairs).

    Example:
        >>> rotation(torch.arange(3), rotary_frequencies(8)).cos.shape
        torch.Size([3, 8])

    Source: book equation (2.38), element-wise form.
    """
    angles = positions[..., None].to(frequencies.dtype) * frequencies
    doubled = torch.cat((angles, angles), dim=-1)
    cos, sin = doubled.cos(), doubled.sin()
    pairs = frequencies.shape[0]
    return Rotation(cos, torch.cat((-sin[..., :pairs], sin[..., pairs:]), dim=-1))


def rotate_half_split(
    x: Float[Tensor, "batch heads time head_width"], turn: Rotation
) -> Float[Tensor, "batch heads time head_width"]:
    """Rotate pairs made of dimension i and dimension i + head_width / 2.

    Args:
        x: Queries or keys.
        turn: Cosines and sines, broadcastable to ``x``.

    Returns:
        The rotated vectors, as long as they were.

    Example:
        >>> turn = rotation(torch.tensor([1]), rotary_frequencies(2))
        >>> rotate_half_split(torch.tensor([[[[1.0, 0.0]]]]), turn).round(decimals=2).flatten().tolist()
        [0.5400000214576721, 0.8399999737739563]

    Source: Hugging Face's ``rotate_half``, printed wrongly in the book (errata E37).
    """
    return torch.addcmul(x * turn.cos, x.roll(x.shape[-1] // 2, dims=-1), turn.sin)


def rotate_interleaved(
    x: Float[Tensor, "*batch time head_width"], angles: Float[Tensor, "time pairs"]
) -> Float[Tensor, "*batch time head_width"]:
    """Rotate pairs of neighbors, dimension 2 i and dimension 2 i + 1.

    Args:
        x: Queries or keys.
        angles: Radians, one a position and pair.

    Returns:
        The rotated vectors.

    Example:
        >>> rotate_interleaved(torch.tensor([[1.0, 0.0]]), torch.tensor([[torch.pi / 2]])).abs().round().tolist()
        [[0.0, 1.0]]

    Source: book equations (2.37) and (2.38).
    """
    cos, sin = angles.cos(), angles.sin()
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def rotate_complex(
    x: Float[Tensor, "*batch time head_width"], angles: Float[Tensor, "time pairs"]
) -> Float[Tensor, "*batch time head_width"]:
    """Rotate pairs of neighbors, read as complex numbers, by one complex product.

    Args:
        x: Queries or keys.
        angles: Radians, one a position and pair.

    Returns:
        The rotated vectors, as :func:`rotate_interleaved` gives them.

    Example:
        >>> rotate_complex(torch.tensor([[1.0, 0.0]]), torch.tensor([[torch.pi / 2]])).abs().round().tolist()
        [[0.0, 1.0]]

    Source: book equation (2.36): f(q, m) = q exp(i m theta); the code that came with LLaMA.
    """
    turned: Complex[Tensor, "*batch time pairs"] = torch.view_as_complex(
        x.unflatten(-1, (-1, 2)).contiguous()
    ) * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(-2)


PREPARED = 4096


class Rotary:
    """Tables of cosines and sines, made once and sliced at every step.

    No buffers: the tables follow the data's device and precision and are no part of a checkpoint, so that a model
    may be built on the meta device or cast without losing them.

    Args:
        head_width: Width of a head, even.
        length: Positions to prepare, 4,096 at most; the tables double when more are asked for.
        base: Of the frequencies.
        scaling: LLaMA 3.1's scaling.

    Example:
        >>> Rotary(8, length=16)(0, 4, None, torch.zeros(1)).cos.shape
        torch.Size([4, 8])

    Source: book section 2.4.1, listing ``LlamaRotaryEmbedding``.
    """

    def __init__(self, head_width: int, length: int, base: float = 10000.0, scaling: RopeScaling | None = None) -> None:
        self.frequencies = rotary_frequencies(head_width, base, scaling)
        # A context of 131,072 would cost 134 MB of tables before the first token; longer texts make them grow.
        self.length = min(length, PREPARED)
        self._tables: Rotation | None = None

    def __call__(self, start: int, time: int, positions: Int[Tensor, "batch time"] | None, like: Tensor) -> Rotation:
        """Cosines and sines for the next positions.

        Args:
            start: First position where ``positions`` is not given.
            time: Number of positions.
            positions: Positions of every row, where they are not simply ``start`` onwards.
            like: A tensor whose device and precision the result shall have.

        Returns:
            (time, head_width), or (batch, 1, time, head_width) for given positions.

        Source: this project.
        """
        end = start + time
        if positions is not None and not torch.compiler.is_compiling():
            end = int(positions.max()) + 1
        tables = self._tables
        if tables is None or end > self.length or tables.cos.device != like.device or tables.cos.dtype != like.dtype:
            tables = self._build(self.length if end <= self.length else max(end, 2 * self.length), like)
        if positions is None:
            return Rotation(tables.cos[start:end], tables.sin[start:end])
        return Rotation(tables.cos[positions].unsqueeze(1), tables.sin[positions].unsqueeze(1))

    def _build(self, length: int, like: Tensor) -> Rotation:
        self.length = length
        # Tables made in inference mode could not be used for training afterwards.
        with torch.inference_mode(False), torch.no_grad():
            frequencies = self.frequencies.to(like.device)
            made = rotation(torch.arange(length, device=like.device), frequencies)
            self._tables = Rotation(made.cos.to(like.dtype), made.sin.to(like.dtype))
        return self._tables
