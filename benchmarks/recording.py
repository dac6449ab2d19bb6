"""What every measurement records beside its figures: the machine it ran on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine(*libraries: str, **more: str) -> dict[str, str]:
    """The processor, Python, the versions of some libraries, and what else a benchmark has to say of itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
        **more,
    }
