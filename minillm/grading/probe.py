"""Whether a sandbox keeps what it promises, found out by a worker that tries to break out."""

import socket
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
        try:
            pathlib.Path(folder, "minillm-probe").touch()
            written.append(folder)
        except OSError:
            pass
    return written


def works():
    import json, numpy
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
        with Pod(sandbox) as pod, socket.create_server(("127.0.0.1", 0)) as server:
            worker = pod.spawn(Limits(seconds=20.0))

            def ask(name: str, *args: object) -> object:
                call: dict[str, Any] = {"handle": None, "name": name, "args": list(args), "kwargs": {}, "keep": False}
                return worker.request("call", **call, probe=False, upstream=None, seed=None).get("value")

            worker.request("load", source=_ATTEMPTS, filename="probe.py", forbid={}, seed=0)
            kept_in = (
                ask("works") is True
                and ask("reaches", server.getsockname()[1]) is False
                and ask("reads", str(answers)) is False
                and ask("writes", ["/", "/usr", "/etc", "/proc", "/var/tmp", str(PACKAGE)]) == []
            )
            worker.close()
            return kept_in
    except (Unavailable, WorkerDied, OSError):
        return False
