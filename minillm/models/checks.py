"""Checks that the model configurations share.

Source: this project.
"""

from dataclasses import fields
from typing import Any

from minillm.errors import InvalidInput


def check_config(config: Any, positive: tuple[str, ...], fractions: tuple[str, ...] = ("dropout",)) -> None:
    """Refuse a configuration whose numbers make no model.

    Args:
        config: A configuration dataclass.
        positive: Fields that must be whole numbers of 1 or more, or None where that is their default.
        fractions: Fields that must lie in [0, 1).

    Raises:
        InvalidInput: A field is out of bounds; the message names it.

    Example:
        >>> from minillm.models import GPTConfig
        >>> check_config(GPTConfig.tiny(), ("width",))

    Source: this project.
    """
    defaults = {field.name: field.default for field in fields(config)}
    kind = type(config).__name__
    for name in positive:
        value = getattr(config, name)
        if value is None and defaults[name] is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InvalidInput(f"{kind}: {name} is {value!r}; give a whole number of 1 or more.")
    for name in fractions:
        value = getattr(config, name)
        if not isinstance(value, int | float) or not 0 <= value < 1:
            raise InvalidInput(f"{kind}: {name} is {value!r}; give a number from 0 up to, not including, 1.")


def check_heads(config: Any) -> None:
    """Refuse a width that the heads do not divide.

    Args:
        config: A configuration with ``width`` and ``heads``.

    Raises:
        InvalidInput: They do not fit.

    Example:
        >>> from minillm.models import GPTConfig
        >>> check_heads(GPTConfig.tiny())

    Source: this project.
    """
    if config.width % config.heads:
        raise InvalidInput(
            f"{type(config).__name__}: width {config.width} is no multiple of {config.heads} heads; change one of them."
        )
