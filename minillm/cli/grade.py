"""``minillm grade``: its options. What it does is in ``marking``, which is loaded when it is called."""

import os
from pathlib import Path
from typing import Annotated

import typer

from minillm.cli.answers import answers


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@answers
def grade(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files (.py, .ipynb, .zip), or folders with a submission an entry.")
    ] = None,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="How many to grade at once.")] = _cores(),
    chapter: Annotated[str, typer.Option(help="Grade this chapter's exercises, such as ch01; else all.")] = "",
    one: Annotated[bool, typer.Option("--one", help="A folder is one submission, too.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write grades for a spreadsheet.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write a file a submission here; continue from it.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    afresh: Annotated[bool, typer.Option("--afresh", help="Grade again what is in --json already.")] = False,
    require: Annotated[str | None, typer.Option(help="Tier to insist on: L1, or L0 for practice.")] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat a run with this seed.")] = None,
    gradescope: Annotated[bool, typer.Option("--gradescope", help="Grade as Gradescope's autograder.")] = False,
    autograder: Annotated[Path, typer.Option(help="Gradescope's folder.")] = Path("/autograder"),
) -> None:
    """Grade a class's submissions, or one.

    Nothing of a submission runs in this process, and one that crashes or attacks costs only itself. Started again with
    the same --json folder, it goes on where it was interrupted. Exits with 0 when all were graded, whatever the points,
    and with 2 where it could not begin.
    """
    from minillm.cli.marking import Order, mark, mark_for_gradescope

    order = Order(chapter, jobs, require, seed, json, afresh)
    if gradescope:
        mark_for_gradescope(autograder, order)
    else:
        mark(paths or [], order, one=one, csv=csv, junit=junit)
