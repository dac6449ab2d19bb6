"""Removing a folder that a submission could write to, whatever it left there.

Part of the worker as well: it stands alone and imports nothing of the package.
"""

import os
import shutil
import subprocess


def remove(folder: str) -> None:
    """Delete a folder, also one that is nested deeper than Python's own removal goes, or without permissions.

    Args:
        folder: What to delete; nothing is done where it is not there. Links in it are deleted, not followed.
    """
    if os.path.islink(folder):
        os.unlink(folder)
    try:
        os.rmdir(folder)  # most are empty
    except FileNotFoundError:
        return
    except OSError:
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            if shutil.which(command[0]):
                subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL, check=False)
