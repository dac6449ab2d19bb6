"""The judge's end of the proof, in a process of its own: pytest inside pytest would share its state.

The tests' checks of shapes and types would slow it down besides. One warm worker parent serves each set of modules.
"""

import os
from dataclasses import dataclass, field, replace
from multiprocessing.util import Finalize
from pathlib import Path

from minillm.grading import expect
from minillm.grading.exercise import Exercise, load
from minillm.grading.judge import judge
from minillm.grading.pod import Pod
from minillm.grading.result import Item
from minillm.grading.sandbox import PROCESS

SEED = 20260
_pods: dict[tuple[str, ...], Pod] = {}


@dataclass
class Outcome:
    """What one program earned."""

    items: list[Item]
    causes: set[str] = field(default_factory=set)

    @property
    def passed(self) -> list[str]:
        return [item.name for item in self.items if item.status == "passed"]

    @property
    def failed(self) -> list[str]:
        return [item.name for item in self.items if item.status != "passed"]

    @property
    def loaded(self) -> bool:
        """Whether the failures, if any, come from the checks and not from reading the file."""
        return not any(item.feedback.called == "loading the file" for item in self.items)

    def __str__(self) -> str:
        told = [f"{item.name}: {item.feedback.called}: {item.feedback.problem}" for item in self.items]
        return "\n".join(line for line, item in zip(told, self.items, strict=True) if item.status != "passed")


def prepare() -> None:
    """Once in the process: the judge's own pytest is a plain one, which does not collect garbage after each program."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTEST_ADDOPTS"] = "-p no:unraisableexception -p no:threadexception"
    Finalize(None, _close, exitpriority=1)


def _close() -> None:
    for pod in _pods.values():
        pod.close()


def outcome(folder: Path, source: str, right: bool) -> Outcome:
    """Judge a program.

    One that is right has to do with a third of the limits and without what is forbidden. One that is wrong may use
    anything, and should fail by the checks alone.
    """
    exercise = load(folder)
    exercise = _hurried(exercise) if right else replace(exercise, forbid={})
    if exercise.preload not in _pods:
        _pods[exercise.preload] = Pod(PROCESS, exercise.preload)
    causes: set[str] = set()
    compare = expect._compare

    def noting(*values: object, **options: object) -> None:
        causes.update(options["causes"])
        compare(*values, **options)

    expect._compare = noting
    try:
        return Outcome(judge(exercise, source, _pods[exercise.preload], seed=SEED), causes)
    finally:
        expect._compare = compare


def _hurried(exercise: Exercise) -> Exercise:
    limits = exercise.limits
    third = replace(
        limits,
        seconds=limits.seconds / 3,
        memory_mib=limits.memory_mib // 3,
        file_mib=max(1, limits.file_mib // 3),
    )
    return replace(exercise, limits=third)
