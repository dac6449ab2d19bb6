"""Writing files so that a crash leaves either the old file or the new one, never half of one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from minillm.errors import InvalidInput


@contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` and rename it to ``path`` when the block ends without an error.

    Args:
        path: The file to create or replace. Its folder must exist.
        mode: ``"w"`` for UTF-8 text or ``"wb"`` for bytes.

    Yields:
        The open temporary file.

    Raises:
        InvalidInput: Another mode.
        OSError: The folder is missing or cannot be written.

    Example:
        >>> with atomic_write("model.arpa") as file:  # doctest: +SKIP
        ...     file.write("...")
    """
    if mode not in ("w", "wb"):
        raise InvalidInput(f"mode is {mode!r}: give 'w' for text or 'wb' for bytes; a file is always written whole")
    target = Path(path)
    encoding = None if "b" in mode else "utf-8"
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, usual_mode())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def usual_mode() -> int:
    """The permissions that a new file usually gets, for those that were made private to begin with.

    Returns:
        Bits for ``os.chmod``: read and write, less what the process's umask takes away.

    Example:
        >>> usual_mode() & 0o600 == 0o600
        True
    """
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
