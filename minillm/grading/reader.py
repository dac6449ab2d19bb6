"""Submissions are read in a process of its own: one that crashes Python's parser or eats memory costs only itself."""

import contextlib
import dataclasses
import functools
import json
import resource
import sys
from pathlib import Path
from typing import Any

from minillm.errors import MinillmError
from minillm.grading.collect import Submission, collect
from minillm.grading.exercise import Exercise, everything
from minillm.grading.servant import Servant

_MEMORY = 2 << 30
_SECONDS = 60.0


class Reader(Servant):
    """Reads submissions, one after the other."""

    def __init__(self) -> None:
        super().__init__(__name__)

    def collect(self, name: str, path: Path, prefix: str) -> Submission:
        """As ``collect.collect``, for the exercises whose ids start with ``prefix``."""
        answer = self.ask({"name": name, "path": str(path), "prefix": prefix}, _SECONDS)
        if "submission" not in answer:
            why = answer.get("error", "it took too long or too much memory to read")
            return Submission(name, notes=[f"it could not be read: {why}"])
        return Submission(**answer["submission"])


@functools.cache
def _exercises(prefix: str) -> list[Exercise]:
    return everything(prefix)


def main() -> None:
    """Serve until the input ends."""
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, hard))
    for line in sys.stdin:
        question = json.loads(line)
        try:
            submission = collect(question["name"], Path(question["path"]), _exercises(question["prefix"]))
            answer: dict[str, Any] = {"submission": dataclasses.asdict(submission)}
        except (MinillmError, MemoryError, RecursionError) as error:
            answer = {"error": str(error) or type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
