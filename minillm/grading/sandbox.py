"""Where a submission runs, and what that promises: the tiers L0 and L1.

L0 is a process of its own with limits: enough for practice on one's own machine, no defence against malice. Where
graders run as root and L1 cannot be had, as in many containers, it is at least another user's process, which can change
nothing of ours; that is still practice, for it sees the network and whatever is readable by all.
L1 adds, through bubblewrap or else through `unshare` and mounts: no network, a file system of which only the
interpreter and the libraries are there, and those read-only, and its own process table. Only L1 may be called graded.
"""

import functools
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from minillm.errors import Unavailable

PACKAGE = Path(__file__).parents[1]
ZYGOTE = Path(__file__).with_name("zygote.py")
SCRATCH_BYTES = 256 << 20
NOBODY = 65534

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


@dataclass(frozen=True)
class Sandbox:
    """A way to start the worker program.

    Attributes:
        tier: ``"L0"`` or ``"L1"``.
        mechanism: ``"process"``, ``"user"``, ``"bubblewrap"`` or ``"unshare"``.
    """

    tier: str
    mechanism: str

    @property
    def verdict(self) -> str:
        """The word that a report uses for a result of this tier."""
        return "graded" if self.tier == "L1" else "practice"

    def __str__(self) -> str:
        return f"{self.tier} ({self.mechanism})"

    def command(self, descriptor: int, preload: str) -> list[str]:
        """The command line that starts the worker program with an inherited socket."""
        program = [sys.executable, "-I", "-B", str(ZYGOTE), str(descriptor), preload]
        if self.mechanism == "bubblewrap":
            return _bubblewrap() + program
        if self.mechanism == "unshare":
            return _unshare(program)
        return program


PROCESS = Sandbox("L0", "process")
OTHER_USER = Sandbox("L0", "user")


def visible() -> list[Path]:
    """What a confined worker sees of this machine: system libraries, the interpreter, its packages and minillm.

    The exercises with their checks and answers are not among it.
    """
    places = [Path(name) for name in _SYSTEM]
    places += [Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parents[1], PACKAGE]
    places += [Path(place) for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    kept: list[Path] = []
    for place in dict.fromkeys(places):
        if place.exists() and not any(place.is_relative_to(other) for other in kept):
            kept.append(place)
    return kept


def hidden() -> list[Path]:
    """Folders inside the visible ones that hold answers, where the package was installed from a wheel."""
    return [path for path in (PACKAGE / "_exercises",) if path.exists()]


def _bubblewrap() -> list[str]:
    command = ["bwrap", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    command += ["--as-pid-1"]  # the warm parent: what a submission leaves behind falls to it, and it cannot be killed
    command += ["--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:  # keep what it takes to give each worker a user id of its own
        command += ["--cap-drop", "ALL"]
        for capability in ("SETUID", "SETGID", "CHOWN", "KILL", "DAC_OVERRIDE"):
            command += ["--cap-add", f"CAP_{capability}"]
    else:
        command += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
    # First, for the interpreter may lie below it.
    command += ["--size", str(SCRATCH_BYTES), "--perms", "1777", "--tmpfs", "/tmp"]
    for path in visible():
        for parent in reversed(path.parents[:-1]):  # bubblewrap would make them for its own user alone
            command += ["--perms", "0755", "--dir", str(parent)]
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        else:
            command += ["--ro-bind", str(path), str(path)]
    for path in hidden():
        command += ["--tmpfs", str(path), "--remount-ro", str(path)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", "--"]


def _unshare(program: list[str]) -> list[str]:
    """The same by hand: a fresh root of read-only bind mounts, entered by chroot in new namespaces."""
    # The new root covers a folder that is always there and that no visible path lies in: no name is left behind.
    script = [
        "set -e",
        "PATH=$PATH:/usr/sbin:/sbin",
        "mount --make-rprivate /",
        "root=/sys",
        "mount -t tmpfs -o size=1m,mode=755 none $root",
    ]
    script += ["mkdir -p $root/tmp", f"mount -t tmpfs -o size={SCRATCH_BYTES},mode=1777 none $root/tmp"]
    for path in visible():
        place = f"$root{shlex.quote(str(path))}"
        if path.is_symlink():
            script += [f"ln -s {shlex.quote(os.readlink(path))} {place}"]
        elif path.is_dir():
            script += [f"mkdir -p {place}", *_bind(path, place)]
        else:
            script += [
                f"mkdir -p {shlex.quote(str(path.parent)).join(['$root', ''])}",
                f": > {place}",
                *_bind(path, place),
            ]
    script += [f"mount -t tmpfs -o size=1k,ro none $root{shlex.quote(str(path))}" for path in hidden()]
    script += ["mkdir -p $root/proc $root/dev", "mount -t proc proc $root/proc"]
    for device in ("null", "zero", "random", "urandom"):
        script += [f": > $root/dev/{device}", f"mount --bind /dev/{device} $root/dev/{device}"]
    script += ["mount -o remount,bind,ro $root"]
    script += ["cd $root/tmp", 'exec chroot $root "$@"']
    namespaces = ["unshare", "--ipc", "--pid", "--net", "--uts", "--mount", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        namespaces += ["--user", "--map-root-user"]
    return [*namespaces, "sh", "-c", "\n".join(script), "sh", *program]


def _bind(path: Path, place: str) -> list[str]:
    return [f"mount --bind {shlex.quote(str(path))} {place}", f"mount -o remount,bind,ro,nosuid {place}"]


@functools.cache
def strongest() -> Sandbox:
    """The strongest sandbox that this machine can be shown to give: each is tried, not assumed."""
    from minillm.grading.probe import confines, separates

    for mechanism, program in (("bubblewrap", "bwrap"), ("unshare", "unshare")):
        sandbox = Sandbox("L1", mechanism)
        if sys.platform == "linux" and shutil.which(program) and confines(sandbox):
            return sandbox
    if os.geteuid() == 0 and separates(OTHER_USER):
        return OTHER_USER
    return PROCESS


def choose(require: str | None = None) -> Sandbox:
    """The sandbox to grade in.

    Args:
        require: ``"L1"`` refuses to go on with less; ``"L0"`` is content with a plain process; ``None`` takes the
            strongest there is.

    Returns:
        The sandbox.

    Raises:
        Unavailable: L1 is required and cannot be had.

    Example:
        >>> choose("L0").verdict
        'practice'
    """
    if require == "L0":
        return PROCESS
    sandbox = strongest()
    if require == "L1" and sandbox.tier != "L1":
        raise Unavailable(
            "tier L1 was required, and neither bubblewrap nor unshare can make one here: install bubblewrap "
            "(Debian: apt-get install bubblewrap) on a Linux that permits user namespaces, run as root, "
            "or grade without --require L1 and call the result practice"
        )
    return sandbox
