"""How a freshly forked worker gives up everything that a submission does not need.

Part of the worker: it stands alone and imports nothing of the package.
"""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from . import kernel

_THREADS = 64


def confine(output: int, limits: dict[str, Any]) -> None:
    """Confine this process, for good.

    Args:
        output: Descriptor for what the submission prints.
        limits: What the judge allows, and the scratch folder and user id it chose.

    Raises:
        OSError: The machine does not let it.
    """
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
    for stream in (sys.stdout, sys.stderr):  # what is printed must be there when the process is killed
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    scratch, uid = limits["scratch"], limits["uid"]
    os.makedirs(scratch, mode=0o700)
    if uid:
        os.chown(scratch, uid, uid)
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update({"HOME": scratch, "TMPDIR": scratch, "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"})
    _set_limits(limits)
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if limits["harden"]:
        kernel.harden(processes=limits["processes"] > 1)


def _set_limits(limits: dict[str, Any]) -> None:
    """Limits of the kernel, on top of the judge's clock."""
    mapped = 0
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    wanted = {
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":  # elsewhere these two are not counted in a way that helps
        others = 0 if limits["uid"] else _tasks_of_user()
        wanted[resource.RLIMIT_AS] = mapped + limits["memory_bytes"]
        wanted[resource.RLIMIT_NPROC] = others + limits["processes"] + _THREADS
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _tasks_of_user() -> int:
    """Threads that the present user runs already: the kernel counts them against the same limit."""
    tasks = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                tasks += os.stat(f"/proc/{name}/task").st_nlink - 2
        except OSError:
            continue  # it ended meanwhile
    return tasks
