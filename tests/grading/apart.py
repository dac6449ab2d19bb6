"""A judge in a process of its own: its pytest would be the test session's, and type checks would wrap its hooks."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from minillm.grading.exercise import load
from minillm.grading.judge import judge
from minillm.grading.pod import Pod
from minillm.grading.result import Item
from minillm.grading.sandbox import PROCESS

_pods: list[Pod] = []


def _start() -> None:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    _pods.append(Pod(PROCESS))


def _judge(folder: Path, source: str, seed: int) -> list[Item]:
    return judge(load(folder), source, _pods[0], seed=seed)


def _stop() -> None:
    _pods.pop().close()


class JudgeApart:
    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_start)

    def judge(self, folder: Path, source: str, seed: int) -> list[Item]:
        return self._pool.submit(_judge, folder, source, seed).result(timeout=60)

    def close(self) -> None:
        self._pool.submit(_stop).result(timeout=60)
        self._pool.shutdown()
