"""Whether this machine lets anybody make namespaces: tests of a sandbox are left out only where it does not."""

import os
import shutil
import subprocess

PROGRAMS = {"bubblewrap": "bwrap", "unshare": "unshare"}


def available(mechanism: str) -> bool:
    """Asked of the programs themselves, not of our code, which would be left untested where it is broken."""
    program = PROGRAMS[mechanism]
    if not shutil.which(program):
        return False
    asks = {
        "bubblewrap": ["--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "--tmpfs", "/tmp"],
        "unshare": ["--pid", "--net", "--mount", "--fork"]
        + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"]),
    }
    return subprocess.run([program, *asks[mechanism], "true"], capture_output=True, check=False).returncode == 0
