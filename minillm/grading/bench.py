"""A judge process: reads tasks from standard input and writes results to standard output, a line of JSON each.

In tier L1 every submission gets a sandbox of its own; the next one is started while the present one is judged.
"""

import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from minillm.errors import MinillmError
from minillm.grading import exercise as exercises
from minillm.grading.pod import Pod
from minillm.grading.sandbox import Sandbox, choose
from minillm.grading.service import as_json


class Pods:
    """Hands out sandboxes: in L1 a fresh one each time, in L0 a shared one."""

    def __init__(self) -> None:
        self._shared: dict[tuple[str, ...], Pod] = {}
        self._next: list[Pod] = []

    def take(self, sandbox: Sandbox, preload: tuple[str, ...]) -> Pod:
        """A sandbox whose warm parent holds the modules."""
        if sandbox.tier == "L0":
            if preload not in self._shared or not self._shared[preload].alive:
                self._shared[preload] = Pod(sandbox, preload)
            return self._shared[preload]
        ready = self._next.pop() if self._next else None
        if ready is not None and (ready.sandbox, ready.preload) == (sandbox, preload) and ready.alive:
            return ready
        if ready is not None:
            ready.close()
        return Pod(sandbox, preload)

    def prepare(self, sandbox: Sandbox, preload: tuple[str, ...]) -> threading.Thread:
        """Start the next sandbox in the background, most likely of the same kind."""

        def start() -> None:
            if sandbox.tier == "L1":
                self._next.append(Pod(sandbox, preload))

        thread = threading.Thread(target=start)
        thread.start()
        return thread

    def give_back(self, pod: Pod) -> None:
        """End a sandbox that served a submission; a shared one stays."""
        if pod.sandbox.tier == "L1":
            pod.close()

    def close(self) -> None:
        """End all of them."""
        for pod in [*self._shared.values(), *self._next]:
            pod.close()


def answer(task: dict[str, Any], pods: Pods) -> dict[str, Any]:
    """Grade one submission."""
    loading = threading.Thread(target=importlib.import_module, args=("minillm.grading.judge",))
    loading.start()  # pytest is loaded while the sandbox starts
    sandbox = choose(task["require"])
    loaded = {path: exercises.load(Path(path)) for path in task["sources"]}
    preload = tuple(dict.fromkeys(name for exercise in loaded.values() for name in exercise.preload))
    pod = pods.take(sandbox, preload)
    thread = pods.prepare(sandbox, preload)
    loading.join()
    from minillm.grading.judge import judge

    try:
        results = {
            path: as_json(judge(exercise, task["sources"][path], pod, seed=task["seed"], filename=task["filename"]))
            for path, exercise in loaded.items()
        }
    finally:
        pods.give_back(pod)
        thread.join()
    return {"sandbox": str(sandbox), "tier": sandbox.tier, "results": results}


def main() -> None:
    """Serve until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # nothing that pytest or a check prints may mix with the answers
    pods = Pods()
    try:
        for line in sys.stdin:
            try:
                reply = answer(json.loads(line), pods)
            except MinillmError as error:
                reply = {"error": str(error)}
            out.write(json.dumps(reply) + "\n")
            out.flush()
    finally:
        pods.close()


if __name__ == "__main__":
    main()
