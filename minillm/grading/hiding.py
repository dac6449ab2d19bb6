"""Files that a worker may not read by whatever path or call it tries: the kernel keeps them from it (Landlock).

Part of the worker: it stands alone and imports nothing of the package.
"""

import contextlib
import ctypes
import os
import struct
from collections.abc import Collection

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_READ_FILE, _BENEATH = 1 << 2, 1


def hide(paths: Collection[str]) -> bool:
    """Refuse to read the files and folders, for the rest of this process's life.

    Landlock knows only permissions, so everything else is permitted: the siblings of each hidden path, the siblings
    of the folder around it, and so on up to the root.

    Args:
        paths: Absolute paths without symbolic links.

    Returns:
        Whether this kernel can do it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    handled = struct.pack("=Q", _READ_FILE)
    rules = libc.syscall(_CREATE, ctypes.c_char_p(handled), ctypes.c_size_t(len(handled)), 0)
    if rules < 0:
        return False
    try:
        _permit_around(libc, rules, "/", paths)
        return libc.syscall(_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)


def _permit_around(libc: ctypes.CDLL, rules: int, folder: str, paths: Collection[str]) -> None:
    """Permit what a folder holds, but for the hidden paths in it. A link leads to what has a rule of its own."""
    with contextlib.suppress(PermissionError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.path in paths or entry.is_symlink():
                continue
            if any(path.startswith(entry.path + "/") for path in paths):
                _permit_around(libc, rules, entry.path, paths)
                continue
            with contextlib.suppress(OSError):
                descriptor = os.open(entry.path, os.O_PATH)
                rule = struct.pack("=Qi", _READ_FILE, descriptor)
                libc.syscall(_ADD, rules, _BENEATH, ctypes.c_char_p(rule), 0)
                os.close(descriptor)
