"""GPT-2's way of writing bytes as visible characters, so that tokens of bytes can stand in a JSON file."""

from minillm.errors import InvalidInput


def _alphabet() -> list[tuple[int, str]]:
    """Every byte with its character, in the order of the characters, which is the order of GPT-2's ids."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [(byte, chr(byte)) for byte in printable] + [(byte, chr(256 + n)) for n, byte in enumerate(hidden)]


BYTES_IN_ORDER = bytes(byte for byte, _ in _alphabet())
_TO_CHARACTER = dict(_alphabet())
_TO_BYTE = {character: byte for byte, character in _alphabet()}


def show_bytes(data: bytes) -> str:
    """Write bytes as visible characters: a space is ``Ġ``, a line feed ``Ċ``.

    Args:
        data: Any bytes.

    Returns:
        One character a byte.

    Example:
        >>> show_bytes(b" the")
        'Ġthe'

    Source: Radford et al. 2019, the ``bytes_to_unicode`` of GPT-2's published encoder.
    """
    return "".join(_TO_CHARACTER[byte] for byte in data)


def read_bytes(token: str) -> bytes:
    """The inverse of ``show_bytes``.

    Args:
        token: A token as a vocabulary file has it.

    Returns:
        Its bytes.

    Raises:
        InvalidInput: A character that stands for no byte.

    Example:
        >>> read_bytes("Ġthe")
        b' the'
    """
    try:
        return bytes(_TO_BYTE[character] for character in token)
    except KeyError as error:
        raise InvalidInput(f"{error.args[0]!r} in token {token!r} stands for no byte") from None
