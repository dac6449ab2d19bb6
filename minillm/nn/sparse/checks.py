"""Checks of the numbers and tensors that sparse attention is given."""

from numbers import Integral

from torch import Tensor

from minillm.errors import InvalidInput


def require_at_least(least: int, **values: int) -> None:
    """Refuse numbers that are not whole or too small.

    Args:
        least: Smallest allowed value.
        values: The arguments by name.

    Raises:
        InvalidInput: A value is not an integer of at least ``least``.

    Example:
        >>> require_at_least(1, length=8, block=2)
    """
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise InvalidInput(f"{name}={value!r} was given; it must be a whole number of at least {least}.")


def require_square(mask: Tensor) -> None:
    """Refuse a mask whose queries and keys are not the same positions.

    Args:
        mask: Boolean mask of queries and keys.

    Raises:
        InvalidInput: Its two sides differ.

    Example:
        >>> import torch
        >>> require_square(torch.ones(4, 4, dtype=torch.bool))
    """
    if mask.shape[-2] != mask.shape[-1]:
        raise InvalidInput(
            f"The mask is {tuple(mask.shape)}; queries and keys must be the same positions: give a square."
        )
