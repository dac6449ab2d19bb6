"""Reading a JSON file strictly: what is missing, of the wrong type or left over is an error that names the place."""

import json
import os
from pathlib import Path
from typing import Any

from minillm.errors import FormatError

_REQUIRED = object()


class Fields:
    """One object of a JSON file, from which keys are taken one by one.

    Args:
        value: What should be an object.
        file: The file, for messages.
        where: The object's place in the file, for messages.

    Raises:
        FormatError: It is no object.

    Example:
        >>> fields = Fields({"a": 1}, "x.json", "model")
        >>> fields.take("a", int), fields.take("b", int, 7)
        (1, 7)
        >>> fields.end()
    """

    def __init__(self, value: Any, file: str | os.PathLike[str], where: str = "") -> None:
        self.file, self.where = file, where
        if not isinstance(value, dict):
            raise self.error(f"an object was expected, not {_short(value)}")
        self.left = dict(value)

    def error(self, problem: str) -> FormatError:
        """A problem with the place where it is.

        Args:
            problem: What is wrong.

        Returns:
            The error, to be raised.

        Example:
            >>> str(Fields({}, "x.json", "model").error("bad"))
            'x.json, model: bad'
        """
        return FormatError(f"{self.file}, {self.where or 'top level'}: {problem}")

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = _REQUIRED) -> Any:
        """Take a value of a given type.

        Args:
            key: The key.
            kind: The type or types; ``bool`` is not an ``int`` here.
            default: What a missing key means; without it the key must be there.

        Returns:
            The value.

        Raises:
            FormatError: The key is missing or its value of another type.

        Example:
            >>> Fields({"a": None}, "x.json").take("a", (int, type(None)))
        """
        if key not in self.left and default is not _REQUIRED:
            return default
        if key not in self.left:
            raise self.error(f"the key {key!r} is missing")
        value = self.left.pop(key)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if type(value) not in kinds:
            raise self.error(f"{key!r} is {_short(value)}, not {' or '.join(kind.__name__ for kind in kinds)}")
        return value

    def only(self, key: str, allowed: tuple[Any, ...], default: Any = _REQUIRED) -> Any:
        """Take a value that must be one of a few.

        Args:
            key: The key.
            allowed: The values we can work with.
            default: What a missing key means; without it the key must be there.

        Returns:
            The value.

        Raises:
            FormatError: Another value, named as unsupported.

        Example:
            >>> Fields({"dropout": None}, "x.json").only("dropout", (None,))
        """
        value = self.take(key, (type(None), bool, int, float, str, list, dict), default)
        if not any(type(value) is type(choice) and value == choice for choice in allowed):
            choices = ", ".join(json.dumps(choice) for choice in allowed)
            raise self.error(f"{key!r} is {_short(value)}, which is not supported; supported: {choices}")
        return value

    def object(self, key: str) -> "Fields | None":
        """Take an object, or None where the file has null.

        Args:
            key: The key.

        Returns:
            The object's fields.

        Raises:
            FormatError: The key is missing or something else.

        Example:
            >>> Fields({"a": {"b": 1}}, "x.json").object("a").take("b", int)
            1
        """
        value = self.take(key, (dict, type(None)), None)
        return None if value is None else Fields(value, self.file, f"{self.where}.{key}" if self.where else key)

    def end(self) -> None:
        """Say that all keys we know have been taken.

        Raises:
            FormatError: A key is left, which we do not know.

        Example:
            >>> Fields({}, "x.json").end()
        """
        if self.left:
            raise self.error(f"the key {next(iter(self.left))!r} is not known here")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file; what the standard leaves open (NaN, a key given twice, half a character) is refused.

    Args:
        path: The file.

    Returns:
        The value.

    Raises:
        FormatError: The file is missing, unreadable or not valid.

    Example:
        >>> read_json("tokenizer.json")  # doctest: +SKIP
    """
    try:
        text = Path(path).read_bytes().decode("utf-8")
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except FileNotFoundError:
        raise FormatError(f"{path}: there is no such file") from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise FormatError(f"{path}: nested too deeply") from None
    except ValueError as error:  # also covers UnicodeDecodeError, UnicodeEncodeError and JSONDecodeError
        raise FormatError(f"{path}: not valid JSON: {error}") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is given twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:57]}..."
