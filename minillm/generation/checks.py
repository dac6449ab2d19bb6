"""Options of decoding, checked before the first token is read."""

import math
from collections.abc import Sequence
from numbers import Integral, Real

from minillm.errors import InvalidInput


def check_sampling(
    temperature: float, top_k: int | None, top_p: float | None, min_p: float | None, repetition_penalty: float
) -> None:
    """Refuse options of sampling that mean nothing.

    Args:
        temperature: 0 or above.
        top_k: 1 or above.
        top_p: Above 0, at most 1.
        min_p: From 0 to 1.
        repetition_penalty: Above 0.

    Raises:
        InvalidInput: One is out of its range.

    Example:
        >>> check_sampling(0.8, 50, None, None, 1.0)

    Source: this project.
    """
    if not _number(temperature) or temperature < 0:
        raise InvalidInput(f"temperature={temperature!r}: give 0 for greedy decoding, or a number above 0 to sample.")
    if top_k is not None and (not _whole(top_k) or top_k < 1):
        raise InvalidInput(f"top_k={top_k!r}: give a whole number of tokens to keep, at least 1, or None for all.")
    if top_p is not None and (not _number(top_p) or not 0 < top_p <= 1):
        raise InvalidInput(f"top_p={top_p!r}: give a probability above 0 and at most 1, or None for all tokens.")
    if min_p is not None and (not _number(min_p) or not 0 <= min_p <= 1):
        raise InvalidInput(f"min_p={min_p!r}: give a share from 0 to 1 of the highest probability, or None.")
    check_penalty(repetition_penalty)


def check_penalty(repetition_penalty: float) -> None:
    """Refuse a repetition penalty that is not a positive number.

    Args:
        repetition_penalty: The penalty.

    Raises:
        InvalidInput: It is not above 0.

    Example:
        >>> check_penalty(1.2)

    Source: this project.
    """
    if not _number(repetition_penalty) or repetition_penalty <= 0:
        raise InvalidInput(f"repetition_penalty={repetition_penalty!r}: give a number above 0; 1 changes nothing.")


def check_count(name: str, value: int) -> None:
    """Refuse a number of tokens, beams or candidates below 1.

    Args:
        name: What it is.
        value: The number.

    Raises:
        InvalidInput: It is not a whole number of at least 1.

    Example:
        >>> check_count("beams", 4)

    Source: this project.
    """
    if not _whole(value) or value < 1:
        raise InvalidInput(f"{name}={value!r}: give a whole number of at least 1.")


def end_tokens(eos: int | Sequence[int] | None, pad: int | None) -> tuple[tuple[int, ...], int]:
    """The tokens that end a row, and the one that fills it up.

    Args:
        eos: None, one or several.
        pad: What stands after the end; the first end token by default.

    Returns:
        All end tokens, and the filler.

    Raises:
        InvalidInput: An id is negative or not a whole number.

    Example:
        >>> end_tokens(2, None), end_tokens(None, None), end_tokens([2, 3], 0)
        (((2,), 2), ((), 0), ((2, 3), 0))

    Source: this project.
    """
    ends = tuple(eos or ()) if eos is None or isinstance(eos, Sequence) else (eos,)
    pad = (ends[0] if ends else 0) if pad is None else pad
    for name, id in [*(("eos", end) for end in ends), ("pad", pad)]:
        if not _whole(id) or id < 0:
            raise InvalidInput(f"{name}={id!r}: token ids are whole numbers from 0.")
    return ends, pad


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
