"""Results for a reader: what to look at first, then the rest; for a terminal and for a notebook."""

import html
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from minillm.grading.exercise import Exercise, anchor
from minillm.grading.result import Item, Result

_MARKS = {"passed": "ok", "failed": "failed", "not graded": "not graded"}


def show(result: Result, console: Console, *, traceback: bool = False, rerun: str = "") -> None:
    """Print a result: the first failure on top, then one line a check.

    Args:
        result: What to show.
        console: Where to; plain text where it is no terminal.
        traceback: Add the learner's own traceback.
        rerun: The command to try again with.
    """
    failure = first_failure(result)
    if failure is not None:
        for label, text in explain(result, failure, traceback=traceback):
            console.print(f"[bold]{label}:[/bold] {escape(text)}", soft_wrap=True)
        if rerun:
            console.print(f"[bold]try again:[/bold] {escape(rerun)}", soft_wrap=True)
        console.print()
    table = Table(box=None, pad_edge=False, show_header=False)
    for item in result.items:
        style = {"passed": "green", "failed": "red"}.get(item.status, "yellow")
        table.add_row(f"[{style}]{_MARKS[item.status]}[/{style}]", _title(item), f"{item.earned}/{item.points}")
    console.print(table)
    console.print(summary(result))


def first_failure(result: Result) -> Item | None:
    """The first check that failed, or ``None``."""
    return next((item for item in result.items if item.status == "failed"), None)


def explain(result: Result, item: Item, *, traceback: bool = False) -> Iterator[tuple[str, str]]:
    """What to tell about a failed check, as pairs of a label and plain text, most useful first."""
    said, exercise = item.feedback, result.exercise
    yield "failed", _title(item)
    if said.called:
        yield "called", said.called
    yield "problem", said.problem + (f" (first at {said.index})" if said.index else "")
    if said.expected:
        yield "expected", said.expected
    if said.got:
        yield "got", said.got
    known = exercise.misconceptions.get(said.cause)
    if known is not None:
        yield "likely cause", known.message
    if exercise.hints:
        yield "hint", exercise.hints[0]
    yield "read again", section_link(exercise, known.section if known else "")
    if said.printed:
        yield "it printed", said.printed[:500]
    if traceback and said.traceback:
        yield "traceback", said.traceback
    yield "seed", str(result.seed)


def section_link(exercise: Exercise, section: str = "") -> str:
    """Where the notebook explains it."""
    return f"{exercise.notebook}#{anchor(section or exercise.section)}"


def summary(result: Result) -> str:
    """One line: points, the word that the tier allows, and where it ran."""
    left_out = [item.name for item in result.items if item.status == "not graded"]
    more = f"; not graded here: {', '.join(left_out)}" if left_out else ""
    done = sum(item.status == "passed" for item in result.items)
    return (
        f"{result.exercise.id}: {done} of {len(result.items)} checks passed, {result.earned}/{result.possible} points "
        f"({result.verdict}, {result.sandbox}){more}"
    )


def as_html(result: Result, *, rerun: str = "") -> str:
    """The same for a notebook; every word of the submission is escaped."""
    failure = first_failure(result)
    rows = [*explain(result, failure, traceback=False)] if failure is not None else []
    if failure is not None and rerun:
        rows.append(("try again", rerun))
    told = "".join(
        f"<div><b>{label}:</b> <span style='white-space:pre-wrap'>{html.escape(text)}</span></div>"
        for label, text in rows
    )
    trace = failure.feedback.traceback if failure is not None else ""
    folded = f"<details><summary>traceback</summary><pre>{html.escape(trace)}</pre></details>" if trace else ""
    color = {True: "#0f9673", False: "#cf5f0a"}[result.passed]
    checks = "".join(f"<li>{_MARKS[item.status]}: {html.escape(_title(item))}</li>" for item in result.items)
    return (
        f"<div style='border-left:4px solid {color};padding-left:.8em'>{told}{folded}"
        f"<ul style='margin:.4em 0'>{checks}</ul><b>{html.escape(summary(result))}</b></div>"
    )


def _title(item: Item) -> str:
    """A check's name as words."""
    return item.name.removeprefix("test_").replace("_", " ")
