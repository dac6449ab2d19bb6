"""Grading a class from the command line: progress while it runs, a table and files at the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from minillm.cli.answers import INTERRUPTED, NOT_PASSED, console, table
from minillm.cli.work import chapter_exercises
from minillm.errors import InvalidInput, MinillmError
from minillm.grading import reports
from minillm.grading.collect import Submission, each
from minillm.grading.group import Group
from minillm.grading.reports import Record
from minillm.grading.sandbox import choose

_SHOWN = 30


@dataclass(frozen=True)
class Order:
    """What was asked for.

    Attributes:
        chapter: Whose exercises count; all by default.
        jobs: How many submissions are graded at once.
        require: Tier to insist on.
        seed: For a replay.
        folder: Where each submission's JSON is kept.
        afresh: Grade again what is kept there.
    """

    chapter: str = ""
    jobs: int = 1
    require: str | None = None
    seed: int | None = None
    folder: Path | None = None
    afresh: bool = False

    @property
    def prefix(self) -> str:
        """What the ids of the exercises that count begin with."""
        return f"{self.chapter}." if self.chapter else ""

    def group(self) -> Group:
        """How the class is graded.

        Raises:
            Unavailable: The tier cannot be had here.
            InvalidInput: There is no such tier or chapter.
        """
        if self.require not in (None, "L0", "L1"):
            raise InvalidInput(f"--require {self.require}: it is L0 or L1")
        exercises = chapter_exercises(self.chapter)
        return Group(exercises, choose(self.require), self.seed, self.jobs, self.folder, self.afresh)


def mark(paths: Sequence[Path], order: Order, *, one: bool, csv: Path | None, junit: Path | None) -> None:
    """Grade the submissions at some paths.

    Raises:
        Exit: With 1 where one could not be graded, with 130 after Ctrl-C.
    """
    out = console()
    if not paths:
        raise InvalidInput("nothing to grade: name files, or a folder of submissions")
    named, left = each(paths, whole=one)
    group = order.group()
    for folder in (order.folder, csv and csv.parent, junit and junit.parent):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    submissions = group.read(named, order.prefix)
    try:
        graded, failed = _grade(group, submissions, out)
    except KeyboardInterrupt:
        out.print("interrupted" + ("; the same command goes on from here" if order.folder is not None else ""))
        raise typer.Exit(INTERRUPTED) from None
    records = [graded[submission.name] for submission in submissions if submission.name in graded]
    if csv is not None:
        reports.write_csv(records, csv)
    if junit is not None:
        reports.write_junit(records, junit)
    _summarize(records, failed, left, out)
    if failed:
        raise typer.Exit(NOT_PASSED)


@contextmanager
def _progress(total: int, out: Console) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, a line for each submission elsewhere."""
    if not out.is_terminal:
        done = iter(range(1, total + 1))
        yield lambda line: out.print(escape(f"{next(done)}/{total} {line}"))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out) as bar:
        task = bar.add_task("grading", total=total)
        yield lambda line: bar.update(task, advance=1, description=escape(line[:60]))


def _grade(
    group: Group, submissions: Sequence[Submission], out: Console
) -> tuple[dict[str, Record], dict[str, MinillmError]]:
    graded: dict[str, Record] = {}
    failed: dict[str, MinillmError] = {}
    with _progress(len(submissions), out) as advance:
        for submission, record in group.grade(submissions):
            if isinstance(record, MinillmError):
                failed[submission.name] = record
                advance(f"{submission.name}: could not be graded")
            else:
                graded[submission.name] = record
                advance(f"{submission.name}: {record['earned']}/{record['possible']}")
    return graded, failed


def _summarize(records: Sequence[Record], failed: dict[str, MinillmError], left: Sequence[Path], out: Console) -> None:
    rows = [(r["submission"], f"{r['earned']}/{r['possible']}", "; ".join(r["notes"])) for r in records]
    if len(rows) <= _SHOWN:
        out.print(table(["submission", "points", "notes"], rows))
    for name, error in failed.items():
        out.print(f"[red]{escape(name)} could not be graded:[/red] {escape(str(error))}")
    for path in left:
        out.print(f"[yellow]not taken:[/yellow] {escape(str(path))} (only .py, .ipynb, .zip and folders are)")
    if records:
        noted = sum(bool(record["notes"]) for record in records)
        mean = sum(record["earned"] for record in records) / len(records)
        more = f", {noted} with notes" if noted else ""
        out.print(
            f"{len(records)} submissions ({records[0]['verdict']}, {records[0]['sandbox']}), "
            f"{mean:.1f} of {records[0]['possible']} points in the mean{more}"
        )


def mark_for_gradescope(autograder: Path, order: Order) -> None:
    """Grade ``submission`` in Gradescope's folder; a report is there from the start."""
    results = autograder / "results" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    reports.write_json(reports.gradescope_unfinished(), results)
    started = time.monotonic()
    group = order.group()
    submissions = group.read([("submission", autograder / "submission")], order.prefix)
    ((_, record),) = group.grade(submissions)
    if isinstance(record, MinillmError):
        raise record
    reports.write_json(reports.gradescope(record, seconds=time.monotonic() - started), results)
    console().print(f"{record['earned']}/{record['possible']} points ({record['verdict']}, {record['sandbox']})")
