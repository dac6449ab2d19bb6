"""Whether a sandbox keeps what it promises, found out by a worker that tries to break out."""

import socket
from collections.abc import Sequence
from typing import Any

from minillm.errors import Unavailable
from minillm.grading.pod import Limits, Pod, WorkerDied
from minillm.grading.sandbox import PACKAGE, Sandbox

_ATTEMPTS = """
import os, pathlib, socket


def reaches(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def reads(path):
    return os.path.exists(path)


def writes(folders):
    written = []
    for folder in folders:
        file = os.path.join(folder, f"minillm-probe-{os.getpid()}")
        try:
            open(file, "x").close()
            os.unlink(file)
            written.append(folder)
        except OSError:
            pass
    return written


def works():
    import colorsys, json, numpy  # the first is not loaded yet
    pathlib.Path("note").write_text("a file of my own")
    return json.loads("[1]") == numpy.arange(1, 2).tolist()
"""


def confines(sandbox: Sandbox) -> bool:
    """Try the network, foreign files and writing from inside.

    Args:
        sandbox: What to try.

    Returns:
        True where nothing got out and ordinary work still goes.
    """
    answers = PACKAGE.parent / "exercises"
    try:
        server = socket.create_server(("127.0.0.1", 0))
    except OSError:
        return False
    with server:
        expected = [
            ("works", (), True),
            ("reaches", (server.getsockname()[1],), False),
            ("reads", (str(answers),), False),
            ("writes", (["/", "/usr", "/etc", "/proc", "/var/tmp", "/dev/shm", str(PACKAGE)],), []),
        ]
        return _holds(sandbox, expected)


def separates(sandbox: Sandbox) -> bool:
    """Try to change what belongs to the judge's user.

    Args:
        sandbox: What to try.

    Returns:
        True where nothing could be changed and ordinary work still goes.
    """
    return _holds(sandbox, [("works", (), True), ("writes", (["/", "/usr", "/etc", str(PACKAGE)],), [])])


def _holds(sandbox: Sandbox, expected: Sequence[tuple[str, tuple[object, ...], object]]) -> bool:
    """Whether every attempt, made by a worker inside, ends as it should."""
    try:
        with Pod(sandbox) as pod:
            worker = pod.spawn(Limits(seconds=20.0))

            def ask(name: str, args: tuple[object, ...]) -> object:
                call: dict[str, Any] = {"handle": None, "name": name, "args": list(args), "kwargs": {}, "keep": False}
                return worker.request("call", **call, probe=False, upstream=None, seed=None).get("value")

            worker.request("load", source=_ATTEMPTS, filename="probe.py", forbid={}, seed=0)
            held = all(
                type(answer := ask(name, args)) is type(outcome) and answer == outcome
                for name, args, outcome in expected
            )
            worker.close()
            return held
    except (Unavailable, WorkerDied, OSError):
        return False
