"""What the machine has: cores, memory and disk, as far as this process may use them."""

import os
import shutil
from pathlib import Path

GIB = 2**30
_CGROUP = Path("/sys/fs/cgroup")


def cores(cgroup: Path = _CGROUP) -> float:
    """CPU cores that this process may use: its affinity, or less where a container has a quota.

    Args:
        cgroup: Folder of the container's limits (Linux cgroup version 2).

    Returns:
        The number, which a quota can make fractional.

    Example:
        >>> cores() > 0
        True

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        return min(affinity, int(quota) / int(period))
    return float(affinity)


def memory(cgroup: Path = _CGROUP) -> float | None:
    """Memory that this process may use at most.

    Args:
        cgroup: Folder of the container's limits (Linux cgroup version 2).

    Returns:
        GiB; None where the system does not tell.

    Example:
        >>> memory() is None or memory() > 0
        True

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
    """
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    limit = _read(cgroup / "memory.max").strip()
    return min(total, int(limit) if limit.isdigit() else total) / GIB


def free_disk(folder: Path) -> float:
    """Free space on the disk of a folder.

    Args:
        folder: Any folder that exists.

    Returns:
        GiB.

    Example:
        >>> free_disk(Path.cwd()) >= 0
        True

    Source: None; from the operating system.
    """
    return shutil.disk_usage(folder).free / GIB


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
