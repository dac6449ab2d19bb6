"""The judge: pytest runs an exercise's checks, in a process in which no line of a submission ever runs.

What counts are the checks that the exercise's metadata names. One that is missing, skipped, expected to fail, or run
twice is a failure, whatever the file of checks says.
"""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

from minillm.grading.exercise import Exercise
from minillm.grading.expect import Mismatch
from minillm.grading.pod import OutOfTime, Pod, WorkerDied
from minillm.grading.result import Feedback, Item
from minillm.grading.session import InputChanged, NotAValue, Session, Submission, SubmissionError
from minillm.grading.team import Team

# Parts of pytest that checks need not; two of them collect garbage several times a run, which took most of its time.
_WITHOUT = (
    "cacheprovider",
    "terminal",
    "faulthandler",
    "unraisableexception",
    "threadexception",
    "junitxml",
    "doctest",
)


class Judging:
    """A pytest plugin that gives the fixtures and takes note of what every check did."""

    def __init__(self, exercise: Exercise, source: str, filename: str, pod: Pod, seed: int) -> None:
        self.exercise, self.source, self.filename, self.pod, self.base_seed = exercise, source, filename, pod, seed
        self.sessions: list[Session] = []
        self.outcomes: dict[str, list[tuple[str, str, Feedback]]] = defaultdict(list)
        self.seconds: dict[str, float] = defaultdict(float)
        self.ran: dict[str, list[str]] = defaultdict(list)

    def session(self, user: int | None = None) -> Session:
        """A fresh worker with the submission loaded."""
        session = Session.__new__(Session)
        self.sessions.append(session)
        session.__init__(  # type: ignore[misc]  # noted before it loads, so that a failure there is told as well
            self.pod,
            self.source,
            filename=self.filename,
            forbid=self.exercise.forbid,
            limits=self.exercise.limits,
            seed=self.base_seed,
            user=user,
        )
        return session

    @pytest.fixture
    def submission(self) -> Submission:
        """The learner's module, in a worker of its own."""
        return Submission(self.session())

    @pytest.fixture
    def ranks(self) -> Any:
        """``ranks(n)``: the submission on n workers that can talk to each other."""

        def start(size: int) -> Team:
            user = self.pod.new_user()
            team = [self.session(user) for _ in range(size)]
            return Team(team, self.pod.meeting_place())

        return start

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Random numbers that are fresh in every run; a failure names the seed."""
        return np.random.default_rng([self.base_seed, *request.node.name.encode()])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note one phase of one check."""
        item.repr_failure = lambda *_: ""  # type: ignore[method-assign]  # costly, and nobody reads pytest's own words
        report = yield
        name = getattr(item, "originalname", item.name)
        if call.when == "setup":
            self.ran[name].append(item.nodeid)
        outcome = "expected to fail" if hasattr(report, "wasxfail") else report.outcome
        feedback = Feedback() if outcome == "passed" else self.explain(call)
        self.outcomes[name].append((call.when, outcome, feedback))
        self.seconds[name] += call.duration
        return report

    def pytest_runtest_teardown(self) -> None:
        """End the workers of one check."""
        for session in self.sessions:
            if hasattr(session, "connection"):
                session.connection.close()
        self.sessions.clear()

    def explain(self, call: pytest.CallInfo[None]) -> Feedback:
        """Turn what a check raised into words."""
        error = call.excinfo.value if call.excinfo else None
        last = self.sessions[-1] if self.sessions else None
        said = {"called": getattr(last, "last_call", "")}
        if last is not None and hasattr(last, "connection"):
            last.connection.close()  # its output is complete then
            said["printed"] = last.connection.output
        if isinstance(error, Mismatch):
            said |= {name: getattr(error, name) for name in ("problem", "cause", "index", "expected", "got")}
        elif isinstance(error, SubmissionError):
            raised = error.raised
            said |= {"problem": f"it raised {raised.kind}: {raised.message}", "traceback": raised.traceback}
        elif isinstance(error, OutOfTime | WorkerDied | NotAValue | InputChanged):
            said["problem"] = str(error)
        elif isinstance(error, AssertionError):
            said["problem"] = str(error).split("\n")[0] or "an assertion of the check does not hold"
        elif isinstance(error, pytest.fail.Exception):
            said["problem"] = str(error).replace("DID NOT RAISE", "it should raise, and did not:")
        elif isinstance(error, KeyError):
            said["problem"] = f"the check looked for {error} and did not find it: was a name changed?"
        elif error is not None:
            said["problem"] = f"the check could not go on: {type(error).__name__}: {error}"
        return Feedback(**said)


def judge(exercise: Exercise, source: str, pod: Pod, *, seed: int, filename: str = "submission.py") -> list[Item]:
    """Run an exercise's checks against one submission.

    Args:
        exercise: What to check.
        source: The submission's text. It is never run in this process.
        pod: Where it runs.
        seed: For the checks' random inputs.
        filename: What the submission's own tracebacks call it.

    Returns:
        One item an expected check, in the order of the metadata.
    """
    if "gpu" in exercise.needs and not _has_gpu():
        reason = Feedback(problem="not graded here: it needs a CUDA device")
        return [Item(name, points, "not graded", feedback=reason) for name, points in exercise.points.items()]
    plugin = Judging(exercise, source, filename, pod, seed)
    started = time.perf_counter()
    sys.modules.pop(exercise.checks.stem, None)  # they may have been edited since this process last read them
    options = [option for name in _WITHOUT for option in ("-p", f"no:{name}")]
    options += ["-c", os.devnull, "--rootdir", str(exercise.folder), "--import-mode=importlib", "--capture=no"]
    options += ["--noconftest"]
    pytest.main([*options, str(exercise.checks)], plugins=[plugin])
    items = [_item(plugin, name, points) for name, points in exercise.points.items()]
    if not any(plugin.ran.values()):
        for item in items:
            item.feedback.problem = "the checks did not start"
    items[0].seconds = items[0].seconds or time.perf_counter() - started
    return items


def _item(plugin: Judging, name: str, points: int) -> Item:
    """A check has passed only if it ran, ran once for each of its cases, and passed in every phase of each."""
    outcomes, nodes = plugin.outcomes[name], plugin.ran[name]
    failures = [(outcome, feedback) for _, outcome, feedback in outcomes if outcome != "passed"]
    whole = bool(nodes) and len(nodes) == len(set(nodes)) and len(outcomes) == 3 * len(nodes)
    if whole and not failures:
        return Item(name, points, "passed", plugin.seconds[name])
    if failures:
        outcome, feedback = failures[0]
        if outcome != "failed":
            feedback.problem = f"the check was {outcome}, which counts as a failure"
    else:
        feedback = Feedback(problem="the check did not run once and to its end, which counts as a failure")
    return Item(name, points, "failed", plugin.seconds[name], feedback)


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
