"""An exercise as it lies in its folder: statement, master, checks, metadata, hints, mutants and variants."""

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minillm.errors import FormatError, InvalidInput, Unavailable
from minillm.grading.limits import Limits, limits_of

SOLUTION, STUB, END = "# solution:", "# stub:", "# end"
KINDS = ("cpu", "gpu", "ranks")


@dataclass(frozen=True)
class Misconception:
    """A mistake that learners make: what to tell them, and the heading that explains it."""

    message: str
    section: str = ""


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise.

    Attributes:
        folder: Where it lies.
        id: Such as ``ch01.kneser_ney``.
        title: For lists and headings.
        book: Section of the book.
        notebook: Path of the notebook that teaches it, from the repository's root.
        section: Heading in that notebook.
        asks: Names that a submission must define.
        points: From check to points; the checks that are expected to run.
        difficulty: 1 to 5.
        minutes: That a learner may need.
        needs: Subset of ``cpu``, ``gpu``, ``ranks``.
        preload: Modules that the warm worker holds.
        limits: What one check may use.
        forbid: From name to the reason why it may not be used.
        hints: Three, from a nudge to nearly the answer.
        misconceptions: By id.
        predict: Question and answer of a tiny case to think through first; may be empty.
    """

    folder: Path
    id: str
    title: str
    book: str
    notebook: str
    section: str
    asks: tuple[str, ...]
    points: dict[str, int]
    difficulty: int
    minutes: int
    needs: tuple[str, ...] = ("cpu",)
    preload: tuple[str, ...] = ("numpy",)
    limits: Limits = field(default_factory=Limits)
    forbid: dict[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    misconceptions: dict[str, Misconception] = field(default_factory=dict)
    predict: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Points of all its checks."""
        return sum(self.points.values())

    @property
    def checks(self) -> Path:
        """The file of checks."""
        return self.folder / "checks.py"

    @property
    def statement(self) -> str:
        """The text of ``task.md``."""
        return (self.folder / "task.md").read_text(encoding="utf-8")

    @property
    def stub(self) -> str:
        """What a learner starts from."""
        return _part(self._master, keep=STUB)

    @property
    def solution(self) -> str:
        """The reference solution."""
        return _part(self._master, keep=SOLUTION)

    @property
    def _master(self) -> str:
        return (self.folder / "master.py").read_text(encoding="utf-8")

    def programs(self, kind: str) -> dict[str, str]:
        """The sources in ``mutants`` or ``variants``, by file name."""
        files = sorted((self.folder / kind).glob("*.py"))
        return {file.name: file.read_text(encoding="utf-8") for file in files}


def _part(master: str, keep: str) -> str:
    """The master with one of each pair of alternatives kept, at its own indentation."""
    kept, mode = [], ""
    for line in master.splitlines():
        mark = line.strip()
        if mark in (SOLUTION, STUB):
            mode = mark
        elif mark == END:
            mode = ""
        elif mode in ("", keep):
            kept.append(line)
    # An import that only the solution needs leaves its blank lines behind.
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(kept).rstrip()) + "\n"


def folder() -> Path:
    """Where the exercises lie: in the checkout, or beside the installed package.

    Raises:
        Unavailable: Neither holds any.
    """
    package = Path(__file__).parents[1]
    named = os.environ.get("MINILLM_EXERCISES")
    for place in (Path(named) if named else None, package.parent / "exercises", package / "_exercises"):
        if place is not None and any(place.glob("ch*/*/meta.toml")):
            return place
    raise Unavailable("no exercises were found: install minillm from its repository, or set MINILLM_EXERCISES to them")


def load(path: Path) -> Exercise:
    """Read one exercise's folder.

    Raises:
        FormatError: A file is missing or says what it may not.
    """
    try:
        meta = tomllib.loads((path / "meta.toml").read_text(encoding="utf-8"))
        hints = tomllib.loads((path / "hints.toml").read_text(encoding="utf-8"))
        return Exercise(folder=path, **_fields(meta), **_hints(hints))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FormatError(f"{path}: {error}; compare with another exercise's meta.toml and hints.toml") from error


def _fields(meta: dict[str, Any]) -> dict[str, Any]:
    fields = dict(meta)
    for name in ("asks", "needs", "preload"):
        if name in fields:
            fields[name] = tuple(fields[name])
    fields["limits"] = limits_of(fields.get("limits", {}))
    if not set(fields.get("needs", KINDS)) <= set(KINDS):
        raise KeyError(f"needs is {fields['needs']}, allowed are {KINDS}")
    return fields


def _hints(table: dict[str, Any]) -> dict[str, Any]:
    known = {name: Misconception(**entry) for name, entry in table.get("misconceptions", {}).items()}
    return {"hints": tuple(table["hints"]), "misconceptions": known}


def everything(prefix: str = "") -> list[Exercise]:
    """All exercises, or those whose id starts with ``prefix``, in the order of their folders."""
    found = [load(path.parent) for path in sorted(folder().glob("ch*/*/meta.toml"))]
    return [exercise for exercise in found if exercise.id.startswith(prefix)]


def find(name: str) -> Exercise:
    """The exercise of an id, or of an id without its chapter where that is enough.

    Raises:
        InvalidInput: There is none, or more than one; the message names them, or the nearest.
    """
    import difflib

    names: dict[str, list[Exercise]] = {}
    for exercise in everything():
        for known in (exercise.id, exercise.id.split(".", 1)[1]):
            names.setdefault(known, []).append(exercise)
    found = names.get(name, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInput(f"{name!r} may be any of {', '.join(e.id for e in found)}: give the whole id")
    if any(exercise.id.startswith(f"{name}.") for exercise in everything()):
        raise InvalidInput(f"{name!r} is a chapter: give one of its exercises (`minillm exercises list {name}`)")
    close = [e.id for known in difflib.get_close_matches(name, names) for e in names[known]]
    near = f"; near it: {', '.join(dict.fromkeys(close))}" if close else ""
    raise InvalidInput(f"there is no exercise {name!r}{near} (`minillm exercises list` shows all)")


def anchor(heading: str) -> str:
    """The anchor that the site gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
