"""Reading numbers and names out of ``config.json``.

Source: this project.
"""

import math

from minillm.tokenizers.json_fields import Fields

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}
LARGEST = 2**40


def size(fields: Fields, key: str, default: int | None = None) -> int:
    """A whole number of 1 or more.

    Args:
        fields: Where to read.
        key: Which key.
        default: What a missing key or null means; None asks for the key.

    Returns:
        The number.

    Raises:
        FormatError: It is missing or something else.

    Example:
        >>> size(Fields({"n": 3}, "config.json"), "n")
        3

    Source: this project.
    """
    if default is not None and fields.left.get(key) is None:
        fields.left.pop(key, None)
        return default
    value: int = fields.take(key, int)
    if not 1 <= value <= LARGEST:
        raise fields.error(f"{key!r} is {value}, not a number from 1 to {LARGEST}")
    return value


def number(fields: Fields, key: str, default: float | None, low: float = 0.0, high: float = 1.0) -> float:
    """A number between two bounds.

    Args:
        fields: Where to read.
        key: Which key.
        default: What a missing key means; None asks for the key.
        low: Least value.
        high: Greatest value.

    Returns:
        The number.

    Raises:
        FormatError: It is missing or something else.

    Example:
        >>> number(Fields({}, "config.json"), "eps", 1e-5)
        1e-05

    Source: this project.
    """
    if default is not None and key not in fields.left:
        return default
    value: float = fields.take(key, (int, float))
    if not (math.isfinite(value) and low <= value <= high):
        raise fields.error(f"{key!r} is {value}, not a number from {low} to {high}")
    return float(value)


def dropout(fields: Fields, key: str) -> float:
    """A probability of dropping a unit; 0.1 where the key is missing, as in the published configurations.

    Args:
        fields: Where to read.
        key: Which key.

    Returns:
        The probability.

    Raises:
        FormatError: It is not in [0, 1).

    Example:
        >>> dropout(Fields({"resid_pdrop": 0.0}, "config.json"), "resid_pdrop")
        0.0

    Source: this project.
    """
    return number(fields, key, 0.1, 0.0, 0.999)


def activation(fields: Fields, key: str, default: str) -> str:
    """An activation by our name.

    Args:
        fields: Where to read.
        key: Which key.
        default: What a missing key means, by the file's name.

    Returns:
        A key of ``minillm.nn.feedforward.ACTIVATIONS``.

    Raises:
        FormatError: We have no such activation.

    Example:
        >>> activation(Fields({"hidden_act": "gelu_new"}, "config.json"), "hidden_act", "gelu")
        'gelu_tanh'

    Source: transformers' ``ACT2FN``.
    """
    return ACTIVATIONS[fields.only(key, tuple(ACTIVATIONS), default)]


def published_activation(ours: str) -> str:
    """The file's name of one of our activations; one that no file names stays as it is, and is refused later.

    Args:
        ours: Our name.

    Returns:
        The file's.

    Example:
        >>> published_activation("gelu_tanh")
        'gelu_new'

    Source: transformers' ``ACT2FN``.
    """
    return next((theirs for theirs, name in ACTIVATIONS.items() if name == ours), ours)
