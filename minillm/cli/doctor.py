"""``minillm doctor``: what this machine has for the book, what it lacks, and how to get it."""

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.text import Text

from minillm import __version__
from minillm.cli import machine

Status = Literal["ok", "missing", "note"]

_PYTHON = (3, 11)
_TORCH = (2, 11)
_MEMORY = 4.0  # GiB; a notebook of chapter 1 takes well below 2
_DISK = 5.0  # GiB; torch, JupyterLab and the built site take about 3
_PATIENCE = 120  # seconds for a probe; the first import of torch on a slow disk takes long
_COLORS = {"ok": "green", "missing": "red", "note": "yellow"}


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes:
        name: What was looked at.
        status: ``ok``, ``missing``, or ``note`` for what works but should be known.
        found: What there is.
        advice: How to get what is missing, or what to mind.
        needed: Whether nothing runs without it.

    Example:
        >>> Check("Python", "ok", "3.11.7").needed
        False

    Source: None; our own report.
    """

    name: str
    status: Status
    found: str
    advice: str = ""
    needed: bool = False


def examine() -> list[Check]:
    """Examine this machine; nothing is installed or changed, and no network is used.

    Returns:
        The checks, in the order of the report.

    Example:
        >>> examine()[0].name
        'minillm'

    Source: None; our own report.
    """
    checks = [Check("minillm", "ok", __version__), _python(), _torch(), *_accelerators(), _triton(), *_distributed()]
    return [*checks, _jupyter(), _cores(), _memory(), _disk(Path.cwd())]


def report(console: Console, checks: Iterable[Check]) -> bool:
    """Write the checks, one a line, with advice below where there is any, and a verdict.

    Args:
        console: Where to.
        checks: What was found.

    Returns:
        Whether everything is there that the CPU path needs.

    Example:
        >>> report(Console(quiet=True), [Check("Python", "ok", "3.11.7", needed=True)])
        True

    Source: None; our own report.
    """
    checks = list(checks)
    for check in checks:
        line = Text.assemble((f"{check.status:<9}", _COLORS[check.status]), f"{check.name:<13}", check.found)
        console.print(line, soft_wrap=True)
        if check.advice:
            console.print(Text(f"{'':22}{check.advice}", style="dim"), soft_wrap=True)
    broken = [check.name for check in checks if check.needed and check.status == "missing"]
    missing = [check.name for check in checks if not check.needed and check.status == "missing"]
    if broken:
        verdict = f"Not usable yet: {', '.join(broken)} must be put right first."
    elif missing:
        verdict = f"The CPU path is usable. Missing, and needed only in parts: {', '.join(missing)}."
    else:
        verdict = "Everything is there."
    console.print(Text(f"\n{verdict}"), soft_wrap=True)
    return not broken


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info >= _PYTHON:
        return Check("Python", "ok", found, needed=True)
    return Check("Python", "missing", found, "3.11 or newer is needed: https://www.python.org/downloads/", needed=True)


def _torch() -> Check:
    advice = 'pip install "torch>=2.11,<3"'
    try:
        import torch

        works = bool((torch.ones(2, 2) @ torch.ones(2, 2)).sum() == 8)
    except Exception as error:  # a broken install raises almost anything: OSError, ImportError, AttributeError
        return Check("PyTorch", "missing", _short(error), advice, needed=True)
    if not works or _version(torch.__version__) < _TORCH:
        return Check("PyTorch", "missing", f"{torch.__version__}, 2.11 or newer is needed", advice, needed=True)
    return Check("PyTorch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads", needed=True)


def _accelerators() -> list[Check]:
    """The GPUs that torch can use, one line each; Apple's are named with a warning."""
    try:
        import torch
    except Exception:  # reported by _torch
        return [Check("GPU", "missing", "not looked for without PyTorch")]
    checks: list[Check] = []
    try:
        checks.extend(_gpu(index) for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0))
    except Exception as error:  # a driver that does not fit raises RuntimeError or AssertionError, by version
        checks.append(Check("GPU", "missing", _short(error), "Update the GPU's driver, or restart the machine."))
    if torch.backends.mps.is_available():
        advice = "Not used by default. Losses differ a little from those on CPU and CUDA; compare on one device only."
        checks.append(Check("GPU", "note", "Apple MPS", advice))
    return checks or [_no_gpu(torch.version.cuda)]


def _gpu(index: int) -> Check:
    import torch

    properties = torch.cuda.get_device_properties(index)
    free, total = torch.cuda.mem_get_info(index)
    memory = f"{free / machine.GIB:.0f} of {total / machine.GIB:.0f} GiB free"
    capability = f"sm_{properties.major}{properties.minor}"
    found = f"cuda:{index} {properties.name}, {memory}, {capability}"
    if properties.major < 8:
        return Check("GPU", "note", found, "Older than Ampere (sm_80): no bfloat16; the kernels were not tried on it.")
    return Check("GPU", "ok", found)


def _no_gpu(cuda: str | None) -> Check:
    if shutil.which("nvidia-smi") is None:
        advice = "Only the GPU parts need one; they say so. On Colab: Runtime, Change runtime type, T4 GPU."
        return Check("GPU", "missing", "none found", advice)
    if cuda is None:
        advice = "Install torch with CUDA: https://pytorch.org/get-started/locally/"
        return Check("GPU", "missing", "nvidia-smi is here, but this torch is built for CPU only", advice)
    advice = "See what nvidia-smi says; the driver may be too old for this CUDA version."
    return Check("GPU", "missing", f"torch is built for CUDA {cuda} but finds no GPU", advice)


def _triton() -> Check:
    version = _installed("triton")
    if version is None:
        linux = sys.platform == "linux"
        advice = (
            'pip install "triton>=3.6,<4"' if linux else "There is none for this system; kernels fall back to torch."
        )
        return Check("Triton", "missing", "not installed", advice)
    probes = [_start_probe(way) for way in ("interpret", "compile")]
    results = [_finish_probe(probe) for probe in probes]
    found = "; ".join([version, *(text for _, text in results)])
    if all(fine for fine, _ in results):
        return Check("Triton", "ok", found)
    return Check(
        "Triton", "missing", found, "Reinstall the triton that this torch wants: pip install --force-reinstall torch"
    )


def _start_probe(way: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "minillm.cli.triton_probe", way]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish_probe(probe: subprocess.Popen[str]) -> tuple[bool, str]:
    try:
        output, errors = probe.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.communicate()
        return False, f"no answer in {_PATIENCE} s"
    lines = (output if probe.returncode == 0 else errors).strip().splitlines()
    return probe.returncode == 0, lines[-1] if lines else f"probe ended with {probe.returncode}"


def _distributed() -> list[Check]:
    """Whether processes can talk: the backends that torch was built with, and one that is tried."""
    try:
        import torch.distributed as dist
    except Exception:  # reported by _torch
        return [Check("Ranks", "missing", "not looked for without PyTorch")]
    if not dist.is_available():
        return [Check("Ranks", "missing", "this torch has no torch.distributed", "Install torch from PyPI.")]
    has: dict[str, Callable[[], bool]] = {
        "gloo": dist.is_gloo_available,
        "nccl": dist.is_nccl_available,
        "mpi": dist.is_mpi_available,
    }
    backends = Check("Backends", "ok", ", ".join(f"{name} {'yes' if ask() else 'no'}" for name, ask in has.items()))
    return [backends, _ranks()]


def _ranks() -> Check:
    """Start one rank with gloo, as a demo's CPU ranks do, and let it add numbers with itself."""
    import torch
    import torch.distributed as dist

    try:
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        number = torch.ones(1)
        dist.all_reduce(number)
        dist.destroy_process_group()
    except Exception as error:  # gloo raises RuntimeError or its own kinds where the host name cannot be resolved
        advice = "If the host name is the trouble: export GLOO_SOCKET_IFNAME=lo"
        return Check("Ranks", "missing", f"gloo does not start: {_short(error)}", advice)
    count = torch.cuda.device_count() or max(2, int(machine.cores()))
    device = "GPU" if torch.cuda.device_count() else "CPU"
    return Check("Ranks", "ok", f"gloo starts; try torchrun --nproc_per_node {min(count, 8)} ({device} ranks)")


def _jupyter() -> Check:
    version = _installed("jupyterlab")
    if version is None:
        return Check("JupyterLab", "missing", "not installed", 'pip install "jupyterlab>=4.3,<5", or: make lab')
    return Check("JupyterLab", "ok", version)


def _cores() -> Check:
    return Check("CPU cores", "ok", f"{machine.cores():g}")


def _memory() -> Check:
    total = machine.memory()
    if total is None:
        return Check("Memory", "note", "this system does not tell", f"{_MEMORY:g} GiB are enough for chapter 1.")
    found = f"{total:.1f} GiB"
    return (
        Check("Memory", "ok", found)
        if total >= _MEMORY
        else Check("Memory", "note", found, _too_little("memory", _MEMORY))
    )


def _disk(folder: Path) -> Check:
    free = machine.free_disk(folder)
    found = f"{free:.0f} GiB free at {folder}"
    return Check("Disk", "ok", found) if free >= _DISK else Check("Disk", "note", found, _too_little("space", _DISK))


def _too_little(what: str, wanted: float) -> str:
    return f"Less {what} than the {wanted:g} GiB that are comfortable; close or remove what you do not need."


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("+")[0].split(".")[:2])


def _short(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:160]
