"""``minillm exercises check``: one look at an answer, or one after every change of its file."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from minillm.cli import work
from minillm.errors import MinillmError
from minillm.grading.exercise import Exercise, find
from minillm.grading.feedback import show
from minillm.grading.progress import Progress
from minillm.grading.service import Judge, Task

_LOOK_SECONDS = 0.3


def is_file(target: str) -> bool:
    """Whether a word names a file and not an exercise."""
    return target.endswith((".py", ".ipynb")) or Path(target).is_file()


def files_of(target: str) -> list[Path]:
    """The files in which an answer may stand."""
    if is_file(target):
        return [Path(target)]
    stub = work.stub_file(find(target))
    return [stub, *sorted(stub.parent.glob("*.ipynb"))]


def answers_of(target: str) -> tuple[list[tuple[Exercise, str, Path]], list[str]]:
    """What is answered: exercises with the source and the file that it stands in; and ids of stubs left as they were.

    A stub is checked only where it is all there is.
    """
    if not is_file(target):
        exercise = find(target)
        return [(exercise, *work.answer_to(exercise))], []
    found = work.answers_in(Path(target))
    untouched = found.untouched if len(found.sources) > 1 else []
    written = [name for name in found.sources if name not in untouched]
    return [(find(name), found.sources[name], Path(target)) for name in written], untouched


def check(target: str, judge: Judge, out: Console, *, traceback: bool, seed: int | None) -> bool:
    """Check once, and show what came of it.

    Returns:
        Whether everything passed.
    """
    progress, passed = Progress(), True
    answers, untouched = answers_of(target)
    for number, (exercise, source, path) in enumerate(answers):
        if number:
            out.print()
        _ask_first(exercise, progress, out)
        (result,) = judge.grade(Task({exercise: source}, require="L0", seed=seed, filename=path.name))
        show(result, out, traceback=traceback, rerun=f"minillm exercises check {target}")
        progress.note(result)
        passed &= result.passed
    if untouched:
        out.print(f"not begun: {', '.join(untouched)}")
    return passed and not untouched


def _ask_first(exercise: Exercise, progress: Progress, out: Console) -> None:
    """Ask what a tiny case will give, once, before the first try; it is worth no points."""
    if not exercise.predict or progress.of(exercise.id)["tries"]:
        return
    question, answer = exercise.predict["question"], exercise.predict["answer"]
    out.print(f"[bold]think first:[/bold] {escape(question)}")
    if out.is_terminal and sys.stdin.isatty():
        given = typer.prompt("your answer", default="", show_default=False)
        right = given.strip() == answer
        out.print("as you predicted" if right else f"compare with yours: {escape(answer)}")


def watch(target: str, check_again: Callable[[], bool], out: Console) -> None:
    """Check after every change, until interrupted; an error is shown and waits for the next change."""
    seen = _times(target)
    out.print("watching; press Ctrl-C to end", style="dim")
    while True:
        time.sleep(_LOOK_SECONDS)
        now = _times(target)
        if now == seen:
            continue
        seen = now
        out.rule()
        try:
            check_again()
        except MinillmError as error:
            out.print(f"[red]{escape(str(error))}[/red]")


def _times(target: str) -> dict[Path, int]:
    """When the files were last written; an editor may take one away for a moment."""
    times = {}
    for path in files_of(target):
        try:
            times[path] = path.stat().st_mtime_ns
        except OSError:
            continue
    return times
