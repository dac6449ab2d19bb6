"""``minillm exercises``: start, see what there is, check, get a hint, see the solution, begin again."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from minillm.cli import work
from minillm.cli.answers import NOT_PASSED, answers, console, table
from minillm.errors import InvalidInput
from minillm.grading.exercise import Exercise, find
from minillm.grading.progress import Progress

app = typer.Typer(help="Exercises that grade themselves.", no_args_is_help=True)
export = typer.Typer(help="Make what it takes to grade on a course's platform.", no_args_is_help=True)
app.add_typer(export, name="export")

Id = Annotated[str, typer.Argument(metavar="ID", help="An exercise, such as ch01.kneser_ney, or kneser_ney.")]
Chapter = Annotated[str, typer.Argument(metavar="[CHAPTER]", help="Such as ch01; else all.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command()
@answers
def start(chapter: Chapter = "") -> None:
    """Give out learner notebooks and stubs to work/.

    A file that is there already is kept as it is.
    """
    out = console()
    exercises = work.chapter_exercises(chapter)
    for path, made in work.start(exercises):
        out.print(f"{'made' if made else 'kept'} {escape(_relative(path))}")
    out.print(f"go on with: minillm exercises next {chapter}".rstrip())


@app.command("list")
@answers
def list_all(chapter: Chapter = "") -> None:
    """List the exercises and how you stand with each."""
    progress = Progress()
    rows = [
        (e.id, e.title, e.total, e.difficulty, e.minutes, _status(progress, e)) for e in work.chapter_exercises(chapter)
    ]
    console().print(table(["exercise", "title", "points", "difficulty", "minutes", "you"], rows))


@app.command("next")
@answers
def next_one(chapter: Chapter = "") -> None:
    """Show the first exercise that you have not solved."""
    out, progress = console(), Progress()
    exercise = next((e for e in work.chapter_exercises(chapter) if not progress.passed(e.id)), None)
    if exercise is None:
        out.print(f"all exercises of {chapter} are solved" if chapter else "all exercises are solved")
        return
    out.print(f"[bold]{exercise.id}: {escape(exercise.title)}[/bold]")
    out.print(f"{exercise.total} points, difficulty {exercise.difficulty} of 5, about {exercise.minutes} minutes\n")
    statement = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", exercise.statement)  # links lead nowhere in a terminal
    if out.is_terminal:
        from rich.markdown import Markdown

        out.print(Markdown(statement))
    else:
        out.print(escape(statement))
    out.print(f"your file: {escape(_relative(work.stub_file(exercise)))}")
    out.print(f"check it with: minillm exercises check {exercise.id}")


@app.command()
@answers
def check(
    target: Annotated[str, typer.Argument(metavar="ID|FILE", help="An exercise, or a .py file or notebook.")],
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever the file is saved.")] = False,
    tb: Annotated[bool, typer.Option("--tb", help="Show the traceback of your code.")] = False,
    seed: Annotated[int | None, typer.Option(help="Repeat a run with its seed.")] = None,
) -> None:
    """Check an answer.

    It runs in a process of its own. Exits with 1 where a check failed.
    """
    from minillm.cli import checking
    from minillm.grading.service import Judge

    out = console()
    with Judge() as judge:

        def once() -> bool:
            return checking.check(target, judge, out, traceback=tb, seed=seed)

        passed = once()
        try:
            if watch:
                checking.watch(target, once, out)
        except KeyboardInterrupt:
            out.print("stopped watching")
    if not passed and not watch:
        raise typer.Exit(NOT_PASSED)


@app.command()
@answers
def hint(name: Id) -> None:
    """Give the next of three hints."""
    exercise, progress, out = find(name), Progress(), console()
    record, hints = progress.of(exercise.id), exercise.hints
    if not hints:
        raise InvalidInput(f"{exercise.id} has no hints")
    number = min(record["hints"], len(hints) - 1)
    record["hints"] = number + 1
    progress.save()
    out.print(f"[bold]hint {number + 1} of {len(hints)}:[/bold] {escape(hints[number])}")
    if number + 1 == len(hints):
        out.print(f"that was the last; the solution: minillm exercises show {exercise.id}")


@app.command()
@answers
def show(name: Id, yes: Yes = False) -> None:
    """Show the solution, once you have tried."""
    exercise, progress, out = find(name), Progress(), console()
    record = progress.of(exercise.id)
    if not record["tries"] and not yes:
        raise InvalidInput(
            f"you have not tried {exercise.id} yet: check an answer first, ask for a hint "
            f"(minillm exercises hint {exercise.id}), or add --yes"
        )
    record["seen"] = True
    progress.save()
    if out.is_terminal:
        from rich.syntax import Syntax

        out.print(Syntax(exercise.solution, "python"))
    else:
        out.print(escape(exercise.solution))


@app.command()
@answers
def reset(name: Id, yes: Yes = False) -> None:
    """Put the stub back; your file is kept as .bak.

    Nothing else is touched.
    """
    exercise, out = find(name), console()
    if not yes:
        typer.confirm(f"Put the stub of {exercise.id} back?", abort=True)
    done = work.reset(exercise)
    for target, kept in done:
        out.print(f"made {escape(_relative(target))}")
        if kept is not None:
            out.print(f"kept yours as {escape(_relative(kept))}")
    if not done:
        out.print("the stub is there already")


@app.command()
@answers
def progress() -> None:
    """Show what you have done so far."""
    records, out = Progress(), console()
    exercises = work.in_order()
    rows = []
    for exercise in exercises:
        record = records.of(exercise.id)
        points = f"{record['best']}/{exercise.total}"
        rows.append((exercise.id, points, record["tries"], record["hints"], _status(records, exercise)))
    out.print(table(["exercise", "points", "tries", "hints", "you"], rows))
    earned = sum(records.of(exercise.id)["best"] for exercise in exercises)
    solved = sum(records.passed(exercise.id) for exercise in exercises)
    total = sum(exercise.total for exercise in exercises)
    out.print(f"{solved} of {len(exercises)} exercises solved, {earned} of {total} points")


@app.command()
@answers
def build(
    only_check: Annotated[bool, typer.Option("--check", help="Write nothing; say whether it is up to date.")] = False,
) -> None:
    """Make what is generated from the exercises."""
    from minillm.grading.build import build

    out, changed = console(), build(check=only_check)
    for path in changed:
        out.print(f"{'out of date:' if only_check else 'made'} {escape(_relative(path))}")
    if not changed:
        out.print("everything is up to date")
    elif only_check:
        raise typer.Exit(NOT_PASSED)


@export.command("gradescope")
@answers
def export_gradescope(
    chapter: Annotated[str, typer.Argument(help="Such as ch01.")],
    out: Annotated[Path | None, typer.Option(help="The zip file to write.")] = None,
) -> None:
    """Make an autograder to upload to Gradescope."""
    from minillm.grading.export import gradescope

    target = out or Path(f"gradescope-{chapter}.zip")
    gradescope(work.chapter_exercises(chapter), target)
    console().print(f"made {escape(str(target))}: upload it under Configure Autograder")


@export.command("github-classroom")
@answers
def export_github_classroom(
    chapter: Annotated[str, typer.Argument(help="Such as ch01.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write to.")] = None,
) -> None:
    """Make a workflow for a template repository."""
    from minillm.grading.export import github_classroom

    target = out or Path(f"classroom-{chapter}")
    for path in github_classroom(work.chapter_exercises(chapter), target):
        console().print(f"made {escape(str(path))}")


def _status(progress: Progress, exercise: Exercise) -> str:
    record = progress.of(exercise.id)
    if progress.passed(exercise.id):
        return "solved"
    return f"{record['best']}/{exercise.total}" if record["tries"] else ""


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
