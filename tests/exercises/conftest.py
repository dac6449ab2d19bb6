"""Programs are judged in one warm process beside each test process."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import proving
import pytest

from minillm.grading.exercise import Exercise


@pytest.fixture(scope="session")
def judging() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=proving.prepare) as pool:
        yield pool


@pytest.fixture
def graded(judging) -> Callable[..., proving.Outcome]:
    """``graded(exercise, source, right=...)``: the outcome of every check."""

    def grade(exercise: Exercise, source: str, *, right: bool) -> proving.Outcome:
        return judging.submit(proving.outcome, exercise.folder, source, right).result()

    return grade
