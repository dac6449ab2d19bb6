"""Tokens on disk: one file of unsigned integers behind a small header, read through the page cache as it is needed.

The header is a line of eight letters and a line of JSON, filled with spaces to 512 bytes; the ids follow, little
endian, in two bytes each where the vocabulary has at most 65,536 tokens and in four where it has more.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Integer

from minillm.errors import FormatError, InvalidInput
from minillm.files import atomic_write

_MAGIC = b"MINITOKS"
_HEADER = 512
_LARGEST = 1 << 32


def write_tokens(path: str | os.PathLike[str], pieces: Iterable[Sequence[int] | np.ndarray], vocab_size: int) -> int:
    """Write ids to a token file; it appears whole or not at all.

    Args:
        path: The file to create or replace.
        pieces: The ids in pieces of any length, taken one at a time, so that they need not fit in memory.
        vocab_size: How many ids there are; every id must be below it.

    Returns:
        The number of tokens written.

    Raises:
        InvalidInput: An id is outside the vocabulary, a piece is not of whole numbers, or ``vocab_size`` is not
            between 1 and 2^32.

    Example:
        >>> write_tokens("train.bin", [[1, 2, 3], [4]], vocab_size=10)  # doctest: +SKIP
        4

    Source: None; plain book-keeping, as in nanoGPT's ``train.bin`` with a header added.
    """
    if not 1 <= vocab_size <= _LARGEST:
        raise InvalidInput(f"vocab_size is {vocab_size}: it must be between 1 and 2^32")
    dtype = "uint16" if vocab_size <= 1 << 16 else "uint32"
    count = 0
    with atomic_write(path, "wb") as file:
        file.write(b" " * _HEADER)
        for piece in pieces:
            ids = np.asarray(piece)
            if ids.size and (ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= vocab_size):
                raise InvalidInput(
                    f"ids from {ids.min()} to {ids.max()} ({ids.dtype}) after token {count}: whole numbers from 0 to "
                    f"{vocab_size - 1} are allowed with vocab_size={vocab_size}"
                )
            file.write(ids.astype(np.dtype(dtype).newbyteorder("<")).tobytes())
            count += ids.size
        header = json.dumps({"version": 1, "dtype": dtype, "count": count, "vocab_size": vocab_size}).encode()
        file.seek(0)
        file.write(_MAGIC + b"\n" + header.ljust(_HEADER - len(_MAGIC) - 2) + b"\n")
    return count


def read_tokens(path: str | os.PathLike[str]) -> tuple[Integer[np.ndarray, "tokens"], int]:
    """Open a token file without reading it: pages come in as they are used.

    Args:
        path: The file.

    Returns:
        The ids, a read-only memory map; and the size of the vocabulary they are from.

    Raises:
        FormatError: The file is not a token file, or has been cut short or added to.

    Example:
        >>> ids, vocab_size = read_tokens("train.bin")  # doctest: +SKIP

    Source: None; plain book-keeping.
    """
    path = Path(path)
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(_MAGIC + b"\n"):
        raise FormatError(f"{path} is not a token file of this package: write one with write_tokens")
    try:
        told = json.loads(header[len(_MAGIC) :])
        width, count, vocab_size = (
            {"uint16": 2, "uint32": 4}[told["dtype"]],
            int(told["count"]),
            int(told["vocab_size"]),
        )
        fine = told["version"] == 1 and count >= 0 and 1 <= vocab_size <= 1 << 8 * width
    except (ValueError, KeyError, TypeError):
        fine = False
    if not fine:
        raise FormatError(f"{path}: the header is damaged, or of a newer version of this package; write the file again")
    wanted, found = _HEADER + count * width, path.stat().st_size
    if found != wanted:
        raise FormatError(f"{path} has {found:,} bytes, and its header promises {wanted:,}; write the file again")
    if not count:
        return np.zeros(0, dtype=f"<u{width}"), vocab_size
    return np.memmap(path, dtype=f"<u{width}", mode="r", offset=_HEADER, shape=(count,)), vocab_size
