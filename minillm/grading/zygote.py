"""The program inside the sandbox: a warm parent that forks one confined worker for each thing to be judged.

The judge starts it as ``python -I zygote.py FD PRELOAD`` with one end of a socket. It loads numpy (and torch) once;
each ``spawn`` request carries a connection and limits, and the forked child confines itself before it reads a line of
the submission. Nothing of the package is imported but the modules beside it that say they are part of the worker.
"""

import contextlib
import ctypes
import fcntl
import gc
import json
import os
import signal
import socket
import struct
import sys
import types
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # by its path: the modules beside it become a package without the real one's __init__
    __package__ = "grading"
    sys.modules[__package__] = types.ModuleType(__package__)
    vars(sys.modules[__package__])["__path__"] = [str(Path(__file__).parent)]

from . import kernel, wire
from .confine import confine
from .scratch import remove
from .worker import Worker

_SUBREAPER, _DUMPABLE = 36, 4
# Between root and the workers' own ids: may signal a worker, and can be signalled by none.
_KILLER = 1_999_999


class Zygote:
    """The warm parent: forks workers on request, and sees to it that nothing of theirs outlives them."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.alive: dict[int, dict[str, Any]] = {}
        self.hardens = kernel.hardens()
        self.place = ""

    def run(self) -> None:
        """Answer requests until the judge hangs up."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
            ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)  # a worker of the same user could write to our memory
        self.control.send(b"{}")
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 2)
            if not data:
                break
            request = json.loads(data)
            if "spawn" in request:
                self._spawn(request["spawn"] | {"harden": self.hardens}, descriptors)
            else:
                self._reap(request["reap"])
                self.control.send(b"{}")
        for pid in list(self.alive):
            self._reap(pid)
        if Path(self.place).name.startswith("minillm-"):  # else it is the sandbox's own, which goes with it
            remove(self.place)  # a judge that was killed cannot

    def _spawn(self, limits: dict[str, Any], descriptors: list[int]) -> None:
        channel, output = descriptors
        self.place = str(Path(limits["scratch"]).parent)
        pid = os.fork()
        if pid == 0:
            try:
                self.control.close()
                _serve(channel, output, limits)
            finally:
                os._exit(0)
        os.close(channel)
        os.close(output)
        self.alive[pid] = limits
        self.control.send(json.dumps({"pid": pid}).encode())

    def _reap(self, pid: int) -> None:
        """End a worker and all that it started, also what left its process group, and remove its files."""
        limits = self.alive.pop(pid)
        if limits["uid"] and not (limits["harden"] and limits["processes"] == 1):
            _kill_all_of(limits["uid"])
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _end(_descendants(pid))
        os.waitpid(pid, 0)
        while orphans := _children() - self.alive.keys():  # what was left is reparented to us, the subreaper
            _end(set().union(*map(_descendants, orphans)))
            for orphan in orphans:
                os.waitpid(orphan, 0)
        remove(limits["scratch"])


def _serve(channel: int, output: int, limits: dict[str, Any]) -> None:
    """In the forked child: confine it, then serve one connection to its end."""
    connection = socket.socket(fileno=channel)
    with contextlib.suppress(EOFError, OSError, wire.WireError):
        meters = _meters()
        confine(output, limits)
        if meters:
            socket.send_fds(connection, [b"R"], meters)
        else:
            connection.send(b"R")
        for meter in meters:
            os.close(meter)
        Worker(connection).serve()


def _meters() -> list[int]:
    """For the judge alone: where the kernel tells this process's memory, and where the peak is set back."""
    if sys.platform != "linux":
        return []
    ctypes.CDLL(None).prctl(_DUMPABLE, 1, 0, 0, 0)  # the warm parent is not, and so may not open these of its own
    status = os.open("/proc/self/status", os.O_RDONLY)
    try:
        return [status, os.open("/proc/self/clear_refs", os.O_WRONLY)]
    except OSError:
        return [status]


def _kill_all_of(uid: int) -> None:
    """Every process of a user id that belongs to one worker alone, in one system call."""
    pid = os.fork()
    if pid == 0:
        os.setresuid(_KILLER, uid, _KILLER)
        os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(pid, 0)


def _children(pid: int | str = "self") -> set[int]:
    """The processes that a process started, as the kernel lists them; none where it does not."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found |= set(map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split()))
    return found


def _descendants(pid: int) -> set[int]:
    """A process and all that stem from it, stopped one by one so that none can make another meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    return {pid}.union(*map(_descendants, _children(pid)))


def _end(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _loopback() -> None:
    """Bring up the loopback interface of a new network namespace: ranks meet over it, and it leads nowhere."""
    set_flags, up = 0x8914, 0x1
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up))


def main(descriptor: int, preload: list[str]) -> None:
    """Load what is slow to load, then serve the judge."""
    for name in preload:
        __import__(name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if sys.platform == "linux":
        _loopback()
    gc.collect()
    gc.freeze()
    Zygote(socket.socket(fileno=descriptor)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].split(",") if sys.argv[2] else [])
