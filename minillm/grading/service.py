"""Judges as a service: processes that stay warm, each grading one submission after the other, restarted if lost.

The caller may be a notebook in which the learner's code runs, or the command line. Neither imports a judge: a judge
is a process of its own that reads tasks and writes results as lines of JSON.
"""

import dataclasses
import queue
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from minillm.errors import InvalidInput, MinillmError
from minillm.grading.exercise import Exercise
from minillm.grading.result import Feedback, Item, Result
from minillm.grading.servant import Servant

_START_SECONDS = 60.0
_OVERHEAD_SECONDS = 10.0


@dataclass(frozen=True)
class Task:
    """One submission to grade.

    Attributes:
        sources: From exercise to the source handed in for it.
        require: Tier to insist on, as for ``sandbox.choose``.
        seed: For a replay; fresh by default.
        filename: What tracebacks call the submission.
    """

    sources: dict[Exercise, str]
    require: str | None = None
    seed: int | None = None
    filename: str = "submission.py"

    @property
    def patience(self) -> float:
        """Seconds after which a judge itself must be taken for lost."""
        checks = sum(len(exercise.points) * (exercise.limits.seconds + 2) for exercise in self.sources)
        return _START_SECONDS + _OVERHEAD_SECONDS + checks


class Judge(Servant):
    """A judge process, started when it is first needed."""

    def __init__(self) -> None:
        super().__init__("minillm.grading.bench")

    def grade(self, task: Task) -> list[Result]:
        """Grade one submission; a judge that is lost on it fails what it held, and the next task gets a new one.

        Raises:
            InvalidInput: The judge cannot do it at all, for a reason that lies not in the submission.
        """
        seed = secrets.randbelow(2**31) if task.seed is None else task.seed
        message = {
            "sources": {str(exercise.folder): source for exercise, source in task.sources.items()},
            "require": task.require,
            "seed": seed,
            "filename": task.filename,
        }
        started = time.perf_counter()
        answer = self.ask(message, task.patience)
        if "error" in answer:
            raise InvalidInput(answer["error"])
        if "results" not in answer:
            return [_lost(exercise, seed, time.perf_counter() - started) for exercise in task.sources]
        return [_result(exercise, answer, seed, answer["results"][str(exercise.folder)]) for exercise in task.sources]

    def __enter__(self) -> "Judge":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def grade_all(tasks: Iterable[tuple[str, Task]], judges: int = 1) -> Iterator[tuple[str, list[Result] | MinillmError]]:
    """Grade many submissions, several at once; results come as they are ready.

    Whoever stops asking, or is interrupted, ends the judges at once.

    Args:
        tasks: Pairs of a name and a task.
        judges: How many judge processes work side by side.

    Yields:
        Pairs of the name and the submission's results, or the error that kept a judge from grading it.

    Raises:
        InvalidInput: Fewer than one judge.
    """
    if judges < 1:
        raise InvalidInput(f"{judges} judges cannot grade anything: give 1 or more, at best one a core")
    idle: queue.SimpleQueue[Judge] = queue.SimpleQueue()
    everyone = [Judge() for _ in range(judges)]
    for judge in everyone:
        idle.put(judge)
    done: queue.SimpleQueue[tuple[str, list[Result] | BaseException]] = queue.SimpleQueue()

    def work(name: str, task: Task) -> None:
        judge = idle.get()
        try:
            done.put((name, judge.grade(task)))
        except BaseException as error:
            done.put((name, error))
        finally:
            idle.put(judge)

    pool = ThreadPoolExecutor(judges)
    try:
        for _ in [pool.submit(work, name, task) for name, task in tasks]:
            name, results = done.get()
            if isinstance(results, BaseException) and not isinstance(results, MinillmError):
                raise results
            yield name, results
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for judge in everyone:
            judge.dismiss()
        raise
    finally:
        pool.shutdown()
        for judge in everyone:
            judge.close()


def _result(exercise: Exercise, answer: dict[str, Any], seed: int, items: list[dict[str, Any]]) -> Result:
    made = [Item(**{**item, "feedback": Feedback(**item["feedback"])}) for item in items]
    return Result(exercise, made, answer["sandbox"], answer["tier"], seed)


def _lost(exercise: Exercise, seed: int, seconds: float) -> Result:
    """What is reported when a judge died or hung: nothing is earned, nothing is lost from the report."""
    feedback = Feedback(problem="the judge was lost while it checked this submission; nothing counts as passed")
    items = [Item(name, points, "failed", seconds, feedback) for name, points in exercise.points.items()]
    return Result(exercise, items, "none", "L0", seed)


def as_json(items: list[Item]) -> list[dict[str, Any]]:
    """Items as plain data, for the way back to the caller."""
    return [dataclasses.asdict(item) for item in items]
