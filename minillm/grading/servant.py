"""A process of ours that answers questions, a line of JSON each: started when first asked, and again if it was lost."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from typing import Any


class Servant:
    """A Python module run as a process that reads questions from standard input and writes answers to standard output.

    Args:
        module: Its name, such as ``minillm.grading.bench``.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self.dismissed = False
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        """The running process; a new one where the last has ended."""
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        return self.process

    def ask(self, question: dict[str, Any], patience: float) -> dict[str, Any]:
        """Ask, and wait for the answer; an empty one means that the process was lost, and another will be started.

        Args:
            question: Anything that JSON can hold.
            patience: Seconds to wait.
        """
        if self.dismissed:
            return {}
        process = self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                if selector.select(patience):
                    return dict(json.loads(process.stdout.readline()))
        except (OSError, ValueError):
            pass
        self.kill()
        self.close()
        return {}

    def dismiss(self) -> None:
        """End it for good, from whatever thread; a question that waits gets an empty answer."""
        self.dismissed = True
        self.kill()

    def kill(self) -> None:
        """End the process and its group at once."""
        process = self.process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let the process end, and clean up after it."""
        process, self.process = self.process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
