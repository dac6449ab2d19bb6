"""What is generated from the exercises' folders, so that nothing is written twice.

For each chapter a learner's notebook, stubs and the page with folded solutions; in each notebook of the book the list
of its exercises, and in README.md the table of them, between ``<!-- exercises -->`` and ``<!-- /exercises -->``.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from minillm.errors import FormatError
from minillm.files import atomic_write
from minillm.grading.exercise import Exercise, anchor, folder, load

OPEN, CLOSE = "<!-- exercises -->", "<!-- /exercises -->"
_BLOCK = re.compile(rf"{OPEN}.*?{CLOSE}", flags=re.DOTALL)
_SECTION = re.compile(r"^## Exercises$.*?(?=^## |\Z)", flags=re.DOTALL | re.MULTILINE)
_RELATIVE = re.compile(r"\]\(\.\./\.\./([\w./-]+)\.(?:md|ipynb)(#[\w-]+)?\)")


def build(root: Path | None = None, *, check: bool = False) -> list[Path]:
    """Bring everything that is generated up to date.

    Args:
        root: The repository; by default the one that this package lies in.
        check: Write nothing, and only say what would be written.

    Returns:
        The files that were, or would be, written or taken away.

    Raises:
        FormatError: An exercise's folder is not as it should be, or names a notebook that is not there.

    Example:
        >>> build(check=True)  # doctest: +SKIP
        []
    """
    root = root or folder().parent
    changed = []
    for path, text in list(_wanted(root)):  # all of it before the first is written
        if text != (path.read_text(encoding="utf-8") if path.exists() else None):
            changed.append(path)
            if not check:
                _put(path, text)
    return changed


def _put(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as file:
        file.write(text)


def _wanted(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Every generated file with its text; ``None`` for one that should not be there any more."""
    chapters: dict[Path, list[Exercise]] = {}
    for meta in sorted(root.glob("exercises/ch*/*/meta.toml")):
        chapters.setdefault(meta.parents[1], []).append(load(meta.parent))
    site = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Site"]
    for place, found in chapters.items():
        exercises = in_reading_order(found)
        chapter = root / "chapters" / place.name.removeprefix("ch")
        page = chapter / "exercises.md"
        yield place / "exercises.ipynb", _learners_notebook(root, chapter, exercises, site)
        yield from _stubs(place / "stubs", exercises, f"{site}/{page.relative_to(root).with_suffix('.html')}")
        yield page, _page(root, exercises)
    for notebook in sorted(root.glob("chapters/*/*.ipynb")):
        name = str(notebook.relative_to(root))
        mine = in_reading_order([e for found in chapters.values() for e in found if e.notebook == name])
        yield notebook, _with_list(notebook, mine)
    readme = (root / "README.md").read_text(encoding="utf-8")
    yield root / "README.md", _BLOCK.sub(lambda _: _between(_table(root, chapters)), readme)


def in_reading_order(exercises: Sequence[Exercise]) -> list[Exercise]:
    """In the order of the notebooks that teach them, easy ones first."""
    return sorted(exercises, key=lambda e: (e.notebook, e.difficulty, e.minutes, e.id))


def _facts(exercise: Exercise) -> str:
    points = f"{exercise.total} point{'s' * (exercise.total != 1)}"
    return f"{points}, difficulty {exercise.difficulty} of 5, about {exercise.minutes} minutes"


def _head(exercise: Exercise) -> str:
    """The line under an exercise's title."""
    limits, needs = exercise.limits, {"gpu": "a GPU", "ranks": "several processes"}
    budget = f"each check may take {limits.seconds:g} s and {limits.memory_mib} MiB"
    extra = "".join(f"; it needs {needs[need]}" for need in exercise.needs if need in needs)
    return f"`{exercise.id}`: {_facts(exercise)}. Book section {exercise.book}; {budget}{extra}."


def _notebook(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FormatError(f"{path} is named in an exercise's meta.toml and does not exist")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _title(path: Path) -> str:
    """The first heading of a page or notebook."""
    if path.suffix == ".ipynb":
        cells = _notebook(path)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    found = re.search(r"^# (.+)$", text, flags=re.MULTILINE)
    if found is None:
        raise FormatError(f"{path} has no title: its first heading should be a line that starts with '# '")
    return found[1]


def _lesson(root: Path, exercise: Exercise, to: str) -> str:
    """Where it is taught, with a link; ``to`` leads from the page to the repository's root."""
    target = f"{to}/{exercise.notebook}#{anchor(exercise.section)}"
    return f"It goes with [{exercise.section}]({target}) in *{_title(root / exercise.notebook)}*."


def _forbidden(exercise: Exercise) -> str:
    if not exercise.forbid:
        return ""
    listed = "\n".join(f"- `{name}`: {reason}" for name, reason in exercise.forbid.items())
    return f"\nNot allowed here:\n\n{listed}\n"


def _page(root: Path, exercises: Sequence[Exercise]) -> str:
    """The chapter's exercises on the site, with folded solutions."""
    total = sum(exercise.total for exercise in exercises)
    rows = [
        f"| [{e.title}](#{anchor(e.title)}) | [{_title(root / e.notebook)}](../../{e.notebook}) "
        f"| {e.total} | {e.difficulty} | {e.minutes} |"
        for e in exercises
    ]
    parts = [
        f"# Exercises\n\n{len(exercises)} exercises, {total} points. `minillm exercises start {_number(exercises)}` "
        "gives out a notebook and a file for each, and both check themselves as you go; [how that "
        "works](../../book/exercises.md). Under each statement here stand what you begin with and, folded away, "
        "a solution. Try first.",
        "| Exercise | Notebook | Points | Difficulty | Minutes |\n| :--- | :--- | ---: | ---: | ---: |\n"
        + "\n".join(rows),
    ]
    for exercise in exercises:
        parts += [
            f"## {exercise.title}\n\n{_head(exercise)} {_lesson(root, exercise, '../..')}",
            f"{exercise.statement.strip()}\n{_forbidden(exercise)}\nBegin with:",
            f"```python\n{exercise.stub.strip()}\n```",
            f":::{{admonition}} Solution\n:class: dropdown\n\n```python\n{exercise.solution.strip()}\n```\n:::",
        ]
    return "\n\n".join(parts) + "\n"


def _number(exercises: Sequence[Exercise]) -> str:
    return exercises[0].id.split(".")[0]


def _stubs(place: Path, exercises: Sequence[Exercise], page: str) -> Iterator[tuple[Path, str | None]]:
    wanted = {place / f"{exercise.folder.name}.py": exercise for exercise in exercises}
    for path, exercise in wanted.items():
        head = f"# {exercise.title} ({_facts(exercise)})\n# The statement: {page}#{anchor(exercise.title)}\n"
        yield path, f"{head}# To check it: minillm exercises check {exercise.id}\n\n{exercise.stub}"
    for path in sorted(set(place.glob("*.py")) - wanted.keys()):
        yield path, None


def _learners_notebook(root: Path, chapter: Path, exercises: Sequence[Exercise], site: str) -> str:
    """One notebook a chapter: each statement, the stub to fill in, and the cell that checks it."""
    book = _notebook(root / exercises[0].notebook)
    intro = (
        f"# Exercises for {_title(chapter / 'index.md')}\n\n"
        "Under each statement stands a cell to complete, and under it one that checks it. Run both, as often as you "
        "like. The exercises are independent of each other. A hint: `minillm exercises hint ID`. After a try, the "
        "solution: `minillm exercises show ID`."
    )
    cells = [
        book["cells"][0] | {"id": "setup"},  # the same in every notebook
        _cell("markdown", "start", intro),
        _cell("code", "import", "from minillm.grading import check"),
    ]
    for exercise in exercises:
        name, lesson = exercise.folder.name, _lesson(root, exercise, "../..")
        text = (
            f"## {exercise.title}\n\n{_head(exercise)} {lesson}\n\n{exercise.statement.strip()}\n{_forbidden(exercise)}"
        )
        cells += [
            # A learner's copy lies elsewhere, where only the site's links lead anywhere.
            _cell("markdown", f"{name}-task"[:64], _RELATIVE.sub(rf"]({site}/\1.html\2)", text).rstrip()),
            _cell("code", f"{name}-answer"[:64], exercise.stub.rstrip()),
            _cell("code", f"{name}-check"[:64], f'check("{exercise.id}")'),
        ]
    return _dumped({"cells": cells, "metadata": book["metadata"], "nbformat": 4, "nbformat_minor": 5})


def _cell(kind: str, name: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name.replace("_", "-"), "metadata": {}, "source": _lines(source)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _dumped(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _between(text: str) -> str:
    return f"{OPEN}\n\n{text}\n\n{CLOSE}" if text else f"{OPEN}\n{CLOSE}"


def _with_list(path: Path, exercises: Sequence[Exercise]) -> str:
    """A notebook of the book with the list of its exercises at the end of its section on them."""
    before = path.read_text(encoding="utf-8")
    notebook = json.loads(before)
    listed = "\n".join(f"- [{e.title}](exercises.md#{anchor(e.title)}), `{e.id}`: {_facts(e)}" for e in exercises)
    block = _between(f"Graded exercises, which check themselves:\n\n{listed}" if exercises else "")
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        section = _SECTION.search(source) if cell["cell_type"] == "markdown" else None
        if section is None:
            continue
        if OPEN in section[0]:
            new = _BLOCK.sub(lambda _: block, section[0])
        else:
            new = f"{section[0].rstrip()}\n\n{block}\n\n" if exercises else section[0]
        changed = (source[: section.start()] + new + source[section.end() :]).rstrip()
        if changed == source.rstrip():
            return before
        cell["source"] = _lines(changed)
        return _dumped(notebook)
    if exercises:
        raise FormatError(f"{path} has no heading '## Exercises' to put its {len(exercises)} exercises under")
    return before


def _table(root: Path, chapters: dict[Path, list[Exercise]]) -> str:
    """The table for the README: a row a chapter."""
    rows = ["| Exercises | Number | Points | Hours |", "| :--- | ---: | ---: | ---: |"]
    for place, exercises in chapters.items():
        chapter = Path("chapters") / place.name.removeprefix("ch")
        hours = sum(exercise.minutes for exercise in exercises) / 60
        points = sum(exercise.total for exercise in exercises)
        title = _title(root / chapter / "index.md")
        rows.append(f"| [{title}]({chapter}/exercises.md) | {len(exercises)} | {points} | {hours:.1f} |")
    return "\n".join(rows)
