"""Which part of a submission answers which exercise.

A ``.py`` file with an exercise's name is its answer as a whole; any other file, and every notebook, answers the
exercises all of whose names it defines. Files are parsed here and never run.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from minillm.errors import InvalidInput, MinillmError
from minillm.grading.exercise import Exercise
from minillm.grading.extract import Module, cells_of, read, select
from minillm.grading.reading import TAKEN, read_files
from minillm.grading.result import one_line

_CHAPTER = re.compile(r"ch\d\d")


@dataclass
class Submission:
    """One learner's work, by exercise.

    Attributes:
        name: For reports; unique among those that are graded together.
        sources: From exercise id to the source handed in for it.
        files: From exercise id to the file that it was taken from.
        reasons: From exercise id to why nothing could be taken, where more is known than that.
        untouched: Exercises whose source is still the stub.
        notes: What was left out, and which of several answers was taken.
    """

    name: str
    sources: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    untouched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Answer:
    """A source that may be taken; of several, the one that sorts first."""

    untouched: bool
    kind: int
    depth: int
    file: str
    source: str

    @property
    def order(self) -> tuple[bool, int, int, str]:
        return self.untouched, self.kind, self.depth, self.file


def each(paths: Sequence[Path], *, whole: bool = False) -> tuple[list[tuple[str, Path]], list[Path]]:
    """Name the submissions that lie at some paths.

    Args:
        paths: A file is one submission; of a folder every file and folder in it is one.
        whole: Take a folder as one submission, too.

    Returns:
        Pairs of a unique name and a path, and what lies in a folder and was not taken.

    Raises:
        InvalidInput: A path does not exist, or there is nothing to grade.
    """
    taken: list[Path] = []
    left: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InvalidInput(f"{path} does not exist: give files (.py, .ipynb, .zip) or a folder of submissions")
        children = [path] if whole or not path.is_dir() else sorted(path.iterdir())
        for child in children:
            fits = not child.is_symlink() and (child.is_dir() or child.suffix.lower() in (*TAKEN, ".zip"))
            if fits or child == path:
                taken.append(child)
            elif not child.name.startswith("."):
                left.append(child)
    taken = [path for path in taken if not path.name.startswith(".") or path in paths]
    if not taken:
        raise InvalidInput(
            f"no submission lies in {', '.join(map(str, paths))}: .py, .ipynb, .zip and folders are taken"
        )
    return list(zip(_names(taken), taken, strict=True)), left


def _names(paths: Sequence[Path]) -> list[str]:
    """Names that tell the paths apart: the last part where that is enough, else more of them."""
    resolved = [path.resolve() for path in dict.fromkeys(paths)]
    names = [one_line(path.name or "submission") for path in resolved]
    for length in range(2, 6):
        often = Counter(names)
        names = [
            one_line("/".join(path.parts[-length:])) if often[name] > 1 else name
            for name, path in zip(names, resolved, strict=True)
        ]
    often = Counter(names)
    return [f"{name} ({i})" if often[name] > 1 else name for i, name in enumerate(names)]


def collect(name: str, path: Path, exercises: Sequence[Exercise]) -> Submission:
    """Read one submission and find its answers.

    Args:
        name: For reports.
        path: A file or a folder.
        exercises: Those to look for.

    Returns:
        The answers; whatever could not be read is told in the notes.
    """
    found = read_files(path)
    submission = Submission(name, notes=found.notes)
    answers: dict[str, list[_Answer]] = {exercise.id: [] for exercise in exercises}
    for file, data in found.files:
        try:
            _answers_in(file, data, exercises, answers, submission)
        except MinillmError as error:
            found.note(str(error))
    for exercise in exercises:
        ordered = sorted(answers[exercise.id], key=lambda answer: answer.order)
        if ordered:
            submission.sources[exercise.id], submission.files[exercise.id] = ordered[0].source, ordered[0].file
            submission.reasons.pop(exercise.id, None)
            submission.untouched += [exercise.id] * ordered[0].untouched
        also = [answer.file for answer in ordered[1:] if not answer.untouched]
        if also:
            found.note(f"{exercise.id}: taken from {ordered[0].file}, though {', '.join(also)} defines it as well")
    return submission


def _answers_in(
    file: str, data: bytes, exercises: Sequence[Exercise], answers: dict[str, list[_Answer]], submission: Submission
) -> None:
    cells, place, shown = cells_of(file, data), PurePosixPath(file), one_line(file, limit=120)
    module, notebook = read(cells), place.suffix.lower() == ".ipynb"
    named = [] if notebook else [exercise for exercise in exercises if _is_named(exercise, place)]
    served = [exercise for exercise in exercises if set(exercise.asks) <= module.defined.keys()]
    for exercise in named or served:
        whole = bool(named) or (not notebook and len(served) == 1)
        source = cells[0] if whole else select(module, exercise.asks)
        untouched = _is_stub(exercise, module)
        kind = 0 if named else 1 if notebook else 2
        answers[exercise.id].append(_Answer(untouched, kind, len(place.parts), shown, source))
    for exercise in exercises if not named else ():
        missing = sorted(set(exercise.asks) - module.defined.keys())
        excuse = module.excuse(missing)
        if missing and (excuse or len(missing) < len(exercise.asks)):
            submission.reasons[exercise.id] = one_line(f"{shown} does not define {', '.join(missing)}{excuse}")


def _is_named(exercise: Exercise, place: PurePosixPath) -> bool:
    """Whether a file bears the exercise's name and lies in no other chapter's folder."""
    chapter, short = exercise.id.split(".", 1)
    chapters = {part for part in place.parts if _CHAPTER.fullmatch(part)}
    return place.stem == exercise.id or (place.stem == short and chapters <= {chapter})


def _is_stub(exercise: Exercise, module: Module) -> bool:
    """Whether what the exercise asks for is still as it was given out."""
    try:
        given, now = select(read([exercise.stub]), exercise.asks), select(module, exercise.asks)
        return _statements(given) == _statements(now)
    except InvalidInput:
        return False


def _statements(source: str) -> list[str]:
    """The statements in no order: an import that several cells of a notebook repeat moves to the last of them."""
    return sorted(source.split("\n\n\n"))
