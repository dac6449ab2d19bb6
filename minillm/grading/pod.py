"""The judge's end: a sandbox with its warm parent, and a connection to each worker forked in it."""

import array
import contextlib
import itertools
import json
import os
import secrets
import socket
import subprocess
import tempfile
import threading
import time
from typing import Any

from minillm.errors import Unavailable
from minillm.grading import wire
from minillm.grading.limits import Limits
from minillm.grading.sandbox import Sandbox
from minillm.grading.scratch import remove

_OUTPUT_KEPT = 20_000
_START_SECONDS = 60
_ANSWER_SECONDS = 20
_FIRST_USER = 2_000_000
_numbers = itertools.count()


class WorkerDied(Exception):
    """The worker ended, was killed, or spoke out of turn; the message says which."""


class OutOfTime(WorkerDied):
    """The worker used up its seconds."""


class Pod:
    """A sandbox that holds a warm parent; one submission's workers are forked in it.

    Args:
        sandbox: How it is confined.
        preload: Modules that the warm parent loads.

    Raises:
        Unavailable: It did not start.
    """

    def __init__(self, sandbox: Sandbox, preload: tuple[str, ...] = ("numpy",)) -> None:
        self.sandbox, self.preload = sandbox, preload
        self._lock = threading.Lock()
        self._scratch = tempfile.mkdtemp(prefix="minillm-") if sandbox.tier == "L0" else "/tmp"
        if sandbox.mechanism == "user":
            os.chmod(self._scratch, 0o711)  # each worker has a folder of its own in it
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                sandbox.command(theirs.fileno(), ",".join(preload)),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={"PATH": os.environ.get("PATH", os.defpath), "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        self._control.settimeout(_START_SECONDS)
        try:
            self._answer()
        except (OSError, EOFError):
            self._process.kill()
            _, errors = self._process.communicate()
            self.close()
            raise Unavailable(
                f"the sandbox {sandbox} did not start: {errors.decode(errors='replace')[-500:]}"
            ) from None
        self._control.settimeout(_ANSWER_SECONDS)

    def _answer(self) -> dict[str, Any]:
        data = self._control.recv(1 << 16)
        if not data:
            raise EOFError
        return json.loads(data)

    def spawn(self, limits: Limits, user: int | None = None) -> "Connection":
        """Fork a worker and return the connection to it.

        Args:
            limits: What it may use.
            user: A number from ``new_user``, for workers that share files; by default each has an id of its own.

        Returns:
            The connection, once the worker is confined.

        Raises:
            WorkerDied: The warm parent is gone.
        """
        number = next(_numbers)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        reader, writer = os.pipe()
        request = {
            "scratch": f"{self._scratch}/w{number}",
            "uid": self._user_id(number if user is None else user),
            "cpu_seconds": int(limits.seconds) + 5,
            "memory_bytes": limits.memory_mib << 20,
            "file_bytes": limits.file_mib << 20,
            "processes": limits.processes,
            "files": 128,
        }
        try:
            with self._lock, theirs:
                fds = array.array("i", [theirs.fileno(), writer])
                ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
                self._control.sendmsg([json.dumps({"spawn": request}).encode()], ancillary)
                local = self._answer()["pid"]
        except (OSError, EOFError):
            self._process.kill()
            ours.close()
            os.close(reader)
            raise WorkerDied("the sandbox is gone") from None
        finally:
            os.close(writer)
        return Connection(self, ours, reader, local, limits)

    def _user_id(self, number: int) -> int:
        """Only root can hand out user ids; 0 means to keep one's own."""
        if self.sandbox.mechanism == "process" or os.geteuid() != 0:
            return 0
        return _FIRST_USER + os.getpid() % 100_000 * 100 + number % 100

    @staticmethod
    def new_user() -> int:
        """A number that stands for a user id which no other worker has."""
        return next(_numbers)

    def reap(self, local: int) -> None:
        """End a worker and whatever it left behind."""
        try:
            with self._lock:
                self._control.send(json.dumps({"reap": local}).encode())
                self._answer()
        except (OSError, EOFError):  # gone, or stuck: then it can answer nothing more
            self._process.kill()

    def meeting_place(self) -> str:
        """A folder's name, new each time, in which ranks may meet; every worker of this pod can reach it."""
        return f"{self._scratch}/meeting{next(_numbers)}"

    @property
    def alive(self) -> bool:
        """Whether the warm parent still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        if self.sandbox.tier == "L0":
            remove(self._scratch)

    def __enter__(self) -> "Pod":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Connection:
    """One worker: requests out, answers back, and the judge's clock over all of it."""

    def __init__(self, pod: Pod, channel: socket.socket, output: int, local: int, limits: Limits) -> None:
        self.limits, self.spent = limits, 0.0
        self._pod, self._channel, self._local = pod, channel, local
        self._meters: list[int] = []
        self._output = bytearray()
        self._drain = threading.Thread(target=self._read_output, args=(output,), daemon=True)
        self._drain.start()
        self._meters = self._greet()

    def _greet(self) -> list[int]:
        """Wait for the worker's first byte; with it come its files in /proc, opened before it gave up its rights."""
        self._channel.settimeout(_START_SECONDS)
        try:
            data, meters, _, _ = socket.recv_fds(self._channel, 1, 2)
        except OSError:
            data, meters = b"", []
        if not data:
            self.close()
            raise WorkerDied("the worker did not start")
        return meters

    def _read_output(self, descriptor: int) -> None:
        """Keep the first of what the submission prints and throw the rest away, so that it never blocks."""
        with open(descriptor, "rb", buffering=0) as stream:
            while data := stream.read(1 << 16):
                self._output += data[: _OUTPUT_KEPT - len(self._output)]

    @property
    def output(self) -> str:
        """What the submission printed, from the start, cut at a limit."""
        return self._output.decode(errors="replace")

    def request(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Send one request and wait for its answer.

        Raises:
            OutOfTime: The worker's seconds are used up.
            WorkerDied: It ended, or answered what was not asked.
        """
        number, started = secrets.randbits(64), time.perf_counter()  # not to be guessed ahead of the question
        try:
            self._channel.settimeout(max(0.001, self.limits.seconds - self.spent))
            wire.send(self._channel, {"id": number, "op": op, **arguments})
            answer = wire.receive(self._channel, started + self.limits.seconds - self.spent)
        except TimeoutError:
            self.close()
            raise OutOfTime(f"it took longer than {self.limits.seconds:g} seconds and was stopped") from None
        except (EOFError, OSError):
            self.close()
            raise WorkerDied("its process ended in the middle of a call (exit, crash, or out of memory)") from None
        except wire.WireError as error:
            self.close()
            raise WorkerDied(f"its process sent something that is no answer: {error}") from None
        finally:
            self.spent += time.perf_counter() - started
        if answer.pop("id", None) != number:
            self.close()
            raise WorkerDied("its process answered a question that was not asked")
        return answer

    def held_bytes(self) -> int:
        """The memory that the worker holds now; from here on ``peak_bytes`` tells the most."""
        with contextlib.suppress(OSError):
            for meter in self._meters[1:]:
                os.write(meter, b"5")
        return self._status(b"VmRSS")

    def peak_bytes(self) -> int:
        """The most memory that the worker held, as the kernel counts it; 0 where it cannot be told."""
        return self._status(b"VmHWM")

    def _status(self, field: bytes) -> int:
        for meter in self._meters[:1]:
            with contextlib.suppress(OSError, StopIteration):
                lines = os.pread(meter, 1 << 14, 0).splitlines()
                return int(next(line for line in lines if line.startswith(field)).split()[1]) << 10
        return 0

    def close(self) -> None:
        """End the worker and whatever it left behind."""
        if self._channel.fileno() >= 0:
            self._channel.close()
            for meter in self._meters:
                os.close(meter)
            self._meters = []
            self._pod.reap(self._local)
            self._drain.join(timeout=5)
