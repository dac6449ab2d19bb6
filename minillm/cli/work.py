"""A learner's own copies: where they lie, and giving them out without ever overwriting one."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minillm.errors import InvalidInput, Unavailable
from minillm.files import atomic_write
from minillm.grading.build import in_reading_order
from minillm.grading.exercise import Exercise, everything
from minillm.grading.progress import FOLDER as RECORDS
from minillm.grading.progress import Progress

if TYPE_CHECKING:
    from minillm.grading.collect import Submission

FOLDER, NOTEBOOK = "work", "exercises.ipynb"


def folder() -> Path:
    """The learner's folder, beside the record of progress: here, or where ``start`` was called further up."""
    here = Path.cwd()
    begun = (place for place in (here, *here.parents) if (place / RECORDS).is_dir())
    return next(begun, here) / FOLDER


def chapter_of(exercise: Exercise) -> str:
    """Such as ``ch01``."""
    return exercise.id.split(".")[0]


def short(exercise: Exercise) -> str:
    """The id without its chapter: the name of the learner's file."""
    return exercise.id.split(".", 1)[1]


def stub_file(exercise: Exercise) -> Path:
    """Where the learner's ``.py`` file of an exercise lies."""
    return folder() / chapter_of(exercise) / f"{short(exercise)}.py"


def in_order(prefix: str = "") -> list[Exercise]:
    """Exercises in the order in which the notebooks teach them, easy ones first."""
    return in_reading_order(everything(prefix))


def chapter_exercises(chapter: str) -> list[Exercise]:
    """A chapter's exercises, or all of them.

    Raises:
        InvalidInput: There are none.
    """
    found = in_order(f"{chapter}." if chapter else "")
    if not found:
        chapters = sorted({chapter_of(exercise) for exercise in everything()})
        raise InvalidInput(f"there are no exercises of chapter {chapter!r}; there are those of {', '.join(chapters)}")
    return found


def start(exercises: Sequence[Exercise]) -> list[tuple[Path, bool]]:
    """Give out notebooks and stubs.

    Returns:
        The files, each with whether it was made; one that was there is kept as it is.
    """
    Progress(folder().parent).save()  # marks the place, so that commands find it from the folders below
    done = []
    for chapter in dict.fromkeys(exercise.folder.parent for exercise in exercises):
        first = next(exercise for exercise in exercises if exercise.folder.parent == chapter)
        done += [_give(learner_notebook(first), text) for text in _given_notebook(first)]
    return done + [_give(stub_file(exercise), given_stub(exercise)) for exercise in exercises]


def given_stub(exercise: Exercise) -> str:
    """What a learner starts from, as it is generated for giving out."""
    made = exercise.folder.parent / "stubs" / f"{exercise.folder.name}.py"
    return made.read_text(encoding="utf-8") if made.exists() else exercise.stub


def learner_notebook(exercise: Exercise) -> Path:
    """Where the learner's notebook of the exercise's chapter lies."""
    return folder() / chapter_of(exercise) / NOTEBOOK


def _given_notebook(exercise: Exercise) -> list[str]:
    made = exercise.folder.parent / NOTEBOOK
    return [made.read_text(encoding="utf-8")] if made.exists() else []


def _give(target: Path, text: str) -> tuple[Path, bool]:
    if target.exists() or target.is_symlink():
        return target, False
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target) as file:
        file.write(text)
    return target, True


def answer_to(exercise: Exercise) -> tuple[str, Path]:
    """What the learner has written for an exercise, in the ``.py`` file or in the notebook.

    Returns:
        Its source and the file that it was taken from.

    Raises:
        Unavailable: Nothing has been given out yet.
        InvalidInput: There is no answer to be found in what is there.
    """
    place = folder() / chapter_of(exercise)
    begin = f"`minillm exercises start {chapter_of(exercise)}` gives out notebook and stubs"
    if not place.is_dir():
        raise Unavailable(f"there is no folder {place}: {begin}, or name a file in place of the id")
    from minillm.grading.collect import collect

    submission = collect(place.name, place, [exercise])
    if exercise.id not in submission.sources:
        why = "; ".join([submission.reasons.get(exercise.id, "no file there defines it"), *submission.notes])
        raise InvalidInput(f"no answer to {exercise.id} was found in {place} ({why}): {begin}")
    return submission.sources[exercise.id], place / submission.files[exercise.id]


def answers_in(path: Path) -> "Submission":
    """What a file answers.

    Raises:
        InvalidInput: It is not there, or it answers no exercise.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}: give an exercise's id, or a .py file or notebook")
    from minillm.grading.collect import collect

    submission = collect(path.name, path, everything())
    if not submission.sources:
        known = "; ".join([*submission.notes, *submission.reasons.values()])
        raise InvalidInput(
            f"{path} answers no exercise ({known or 'it defines none of the names that any asks for'}): name the file "
            "after an exercise, or define all that it asks for"
        )
    return submission


def reset(exercise: Exercise) -> list[tuple[Path, Path | None]]:
    """Put the stub back, in the learner's file and in the notebook; what was there is kept beside it.

    Returns:
        The files that were written, each with where the old one went.
    """
    done: list[tuple[Path, Path | None]] = []
    wanted = {stub_file(exercise): given_stub(exercise), learner_notebook(exercise): _notebook_reset(exercise)}
    for target, text in wanted.items():
        before = target.read_text(encoding="utf-8") if target.exists() else None
        if text is None or text == before:
            continue
        kept = None if before is None else _kept(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as file:
            file.write(text)
        done.append((target, kept))
    return done


def _notebook_reset(exercise: Exercise) -> str | None:
    """The learner's notebook with the stub in the exercise's cell; none where there is no such cell."""
    target = learner_notebook(exercise)
    try:
        notebook = json.loads(target.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell.get("id") == answer_cell(exercise)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    stub = exercise.stub.rstrip()
    if not cells or all("".join(cell["source"]) == stub for cell in cells):
        return None
    for cell in cells:
        cell |= {"source": stub.splitlines(keepends=True), "outputs": [], "execution_count": None}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def answer_cell(exercise: Exercise) -> str:
    """The id of the cell for the answer in the learner's notebook."""
    return f"{exercise.folder.name}-answer"[:64].replace("_", "-")


def _kept(target: Path) -> Path:
    """Copy a file beside itself, under a name that is free."""
    numbers = (f".{number}" if number else "" for number in range(1000))
    free = next(place for n in numbers if not (place := target.with_name(f"{target.name}{n}.bak")).exists())
    shutil.copy2(target, free)
    return free
