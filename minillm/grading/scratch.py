"""Removing a folder that a submission could write to, whatever it left there.

Part of the worker as well: it stands alone and imports nothing of the package.
"""

import contextlib
import os
import secrets


def remove(folder: str) -> None:
    """Delete a folder, also one nested without end or without permissions, in time that grows with its entries only.

    Each folder found inside is first moved to the top, so that no path gets long and nothing recurses. It takes that
    nobody else works in the folder any more.

    Args:
        folder: What to delete; nothing is done where it is not there. Links are deleted, not followed.
    """
    if os.path.islink(folder):
        os.unlink(folder)
    if not os.path.isdir(folder):
        return
    mark, waiting = secrets.token_hex(8), [folder]
    for path in waiting:  # grows meanwhile
        with os.scandir(path) as found:
            entries = list(found)
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    top = f"{folder}/{mark}-{len(waiting)}"
                    with contextlib.suppress(PermissionError):  # root that may enter it without
                        os.chmod(entry.path, 0o700)
                    os.rename(entry.path, top)
                    waiting.append(top)
                else:
                    os.unlink(entry.path)
    for path in reversed(waiting):
        with contextlib.suppress(OSError):
            os.rmdir(path)
