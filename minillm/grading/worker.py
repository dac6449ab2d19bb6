"""The program inside the sandbox: a warm parent that forks one confined worker for each thing to be judged.

The judge starts it as ``python -I worker.py FD PRELOAD`` with one end of a socket. It loads numpy (and torch) once;
each ``spawn`` request carries a connection and limits, and the forked child confines itself before it reads a line of
the submission. It imports nothing of the package but the two modules beside it.
"""

import contextlib
import ctypes
import fcntl
import gc
import hashlib
import inspect
import json
import os
import resource
import signal
import socket
import struct
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import refusals
    import wire

    sys.path.pop(0)
else:
    from minillm.grading import refusals, wire

_SUBREAPER, _NO_NEW_PRIVILEGES = 36, 38
MODULE = "submission"


class Zygote:
    """The warm parent: forks workers on request, and sees to it that nothing of theirs outlives them."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.alive: dict[int, int] = {}

    def run(self) -> None:
        """Answer requests until the judge hangs up."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        self.control.send(b"{}")
        while True:
            data, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 2)
            if not data:
                break
            request = json.loads(data)
            if "spawn" in request:
                self._spawn(request["spawn"], descriptors)
            else:
                self._reap(request["reap"])
        for pid in list(self.alive):
            self._reap(pid, answer=False)

    def _spawn(self, limits: dict[str, Any], descriptors: list[int]) -> None:
        channel, output = descriptors
        pid = os.fork()
        if pid == 0:
            self.control.close()
            os._exit(_worker(channel, output, limits))
        os.close(channel)
        os.close(output)
        self.alive[pid] = limits["uid"]
        self.control.send(json.dumps({"pid": pid}).encode())

    def _reap(self, pid: int, answer: bool = True) -> None:
        """End a worker and all that it started, also what left its process group."""
        uid = self.alive.pop(pid)
        for kill, target in ((os.killpg, pid), (os.kill, pid)):
            try:
                kill(target, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if uid:
            self._kill_all_of(uid)
        os.waitpid(pid, 0)
        while orphans := _children() - self.alive.keys():  # what was left reparented to us, the subreaper
            for orphan in orphans:
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)
        if answer:
            self.control.send(b"{}")

    def _kill_all_of(self, uid: int) -> None:
        """Every process of a user id that belongs to one worker alone, in one system call."""
        pid = os.fork()
        if pid == 0:
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
            os._exit(0)
        os.waitpid(pid, 0)


def _children() -> set[int]:
    """Our child processes, as the kernel lists them; none where it does not."""
    try:
        return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))
    except OSError:
        return set()


def _worker(channel: int, output: int, limits: dict[str, Any]) -> int:
    """Confine this process, then serve one connection to its end."""
    connection = socket.socket(fileno=channel)
    try:
        _confine(output, limits)
        connection.send(b"R")  # the kernel tells the judge who sent it
        Worker(connection, limits).serve()
    except (EOFError, OSError, wire.WireError):
        pass
    return 0


def _confine(output: int, limits: dict[str, Any]) -> None:
    """Give up everything that a submission does not need."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
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
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


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
        wanted[resource.RLIMIT_AS] = mapped + limits["memory_bytes"]
        wanted[resource.RLIMIT_NPROC] = limits["processes"]
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


class Worker:
    """Holds one submission and does with it what the judge asks."""

    def __init__(self, connection: socket.socket, limits: dict[str, Any]) -> None:
        self.connection = connection
        self.module = types.ModuleType(MODULE)
        self.objects: dict[int, Any] = {}
        self.refused_operators: dict[str, str] = {}
        self.operations: dict[str, Callable[..., Any]] = {
            "load": self.load,
            "call": self.call,
            "get": self.get,
            "next": self.next,
            "parameters": self.parameters,
            "join": self.join,
        }

    def serve(self) -> None:
        """Answer requests one by one; every answer repeats its request's number."""
        while True:
            request = wire.receive(self.connection)
            number = request.pop("id")
            try:
                answer = {"id": number, **self.operations[request.pop("op")](**request)}
                wire.send(self.connection, answer)
            except wire.WireError as error:
                wire.send(self.connection, {"id": number, "unsendable": str(error)})
            except BaseException as error:  # whatever it was, the judge must hear of it
                wire.send(self.connection, {"id": number, "raised": _raised(error)})

    def load(self, source: str, filename: str, forbid: dict[str, str], seed: int) -> dict[str, Any]:
        """Run the submission's top level."""
        self.refused_operators = refusals.install(forbid)
        _seed(seed)
        sys.modules[MODULE] = self.module
        import linecache

        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        gc.collect()
        exec(compile(source, filename, "exec"), self.module.__dict__)
        return {"value": None}

    def _target(self, handle: wire.Handle | None, name: str | None) -> Any:
        owner = self.module if handle is None else self.objects[handle.number]
        return owner if name is None else getattr(owner, name)

    def _keep(self, thing: Any) -> wire.Handle:
        number = len(self.objects) + 1
        self.objects[number] = thing
        return wire.Handle(number, type(thing).__name__)

    def _given(self, value: Any) -> Any:
        """Arguments as they came, with handles replaced by the objects they stand for."""
        if type(value) is wire.Handle:
            return self.objects[value.number]
        if type(value) in (list, tuple):
            return type(value)(map(self._given, value))
        if type(value) is dict:
            return {key: self._given(item) for key, item in value.items()}
        return value

    def call(
        self,
        handle: wire.Handle | None,
        name: str | None,
        args: list[Any],
        kwargs: dict[str, Any],
        keep: bool,
        probe: bool,
        upstream: Any,
        seed: int | None,
    ) -> dict[str, Any]:
        """Call a function, class or method; with ``upstream``, run its backward pass as well."""
        function = self._target(handle, name)
        before = _digests(args, kwargs)
        args, kwargs = self._given(args), self._given(kwargs)
        if seed is not None:
            _seed(seed)
        with refusals.watch(self.refused_operators, probe) as seen:
            value = function(*args, **kwargs)
            gradients = None if upstream is None else _backward(value, upstream, args, kwargs, function)
        answer: dict[str, Any] = {
            "changed": [key for key, digest in _digests(args, kwargs).items() if before.get(key) != digest]
        }
        if probe:
            answer["probe"] = seen.report()
        if gradients is not None:
            answer["gradients"] = gradients
        lazy = inspect.isgenerator(value) or (hasattr(value, "__next__") and hasattr(value, "__iter__"))
        return {"value": self._keep(value) if keep or lazy else value, **answer}

    def get(self, handle: wire.Handle | None, name: str) -> dict[str, Any]:
        """Read an attribute."""
        return {"value": self._target(handle, name)}

    def next(self, handle: wire.Handle) -> dict[str, Any]:
        """The next item of an iterator; ``end`` where there is none."""
        try:
            return {"value": next(self.objects[handle.number])}
        except StopIteration:
            return {"value": None, "end": True}

    def parameters(self, handle: wire.Handle, gradients: bool) -> dict[str, Any]:
        """A module's parameters by name, or their gradients."""
        import torch

        named = torch.nn.Module.named_parameters(self.objects[handle.number])
        return {"value": {name: tensor.grad if gradients else tensor for name, tensor in named}}

    def join(self, rank: int, size: int, folder: str) -> dict[str, Any]:
        """Become one of several ranks that meet in a private file."""
        import torch.distributed as dist

        os.makedirs(folder, exist_ok=True)
        store = dist.FileStore(f"{folder}/rendezvous", size)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=size)
        return {"value": None}


def _seed(seed: int) -> None:
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - learners may use the old interface
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _digests(args: Any, kwargs: Any) -> dict[str, str]:
    """A digest of every argument, to see whether the call changed one."""
    digests = {}
    for key, value in [*enumerate(args), *kwargs.items()]:
        blobs: list[bytes] = []
        try:
            tree = json.dumps(wire.encode(value, blobs))
        except (wire.WireError, TypeError):
            continue  # an object of the worker's own may change
        digest = hashlib.sha256(tree.encode())
        for blob in blobs:
            digest.update(blob)
        digests[str(key)] = digest.hexdigest()
    return digests


def _backward(value: Any, upstream: Any, args: Any, kwargs: Any, function: Any) -> dict[str, Any]:
    """Gradients for every tensor argument that asks for one, and for the module's own parameters."""
    import torch

    pairs = zip(value, upstream, strict=True) if isinstance(value, tuple | list) else [(value, upstream)]
    # The same as backward(value, upstream), which would import a thousand modules to check shapes.
    torch.stack([(output * gradient).sum() for output, gradient in pairs]).sum().backward()
    given = {str(key): item for key, item in [*enumerate(args), *kwargs.items()]}
    gradients = {key: item.grad for key, item in given.items() if isinstance(item, torch.Tensor) and item.requires_grad}
    owner = getattr(function, "__self__", function)
    if isinstance(owner, torch.nn.Module):
        gradients |= {name: tensor.grad for name, tensor in torch.nn.Module.named_parameters(owner)}
    return gradients


def _raised(error: BaseException) -> wire.Raised:
    """An exception as data; a hostile one may fail even to be named."""
    bases = tuple(kind.__name__ for kind in type(error).__mro__)
    try:
        message = str(error)[:2000]
    except BaseException:
        message = "(the exception has no readable message)"
    try:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        trace = "".join(traceback.format_list(frames))[-8000:]
    except BaseException:
        trace = ""
    return wire.Raised(type(error).__name__, bases, message, trace)


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
    gc.freeze()
    Zygote(socket.socket(fileno=descriptor)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].split(",") if sys.argv[2] else [])
