"""What it takes to grade on a course's platform: Gradescope's autograder archive, GitHub Classroom's workflow.

No solution, mutant or variant leaves the house: of each exercise go its statement, checks, metadata and hints, and a
master that is cut down to its stub.
"""

import re
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from minillm.errors import Unavailable
from minillm.files import atomic_write
from minillm.grading.exercise import Exercise
from minillm.grading.sandbox import PACKAGE

_TEMPLATES = Path(__file__).with_name("platforms")
_PROJECT = PACKAGE.parent / "pyproject.toml"
_PUBLIC = ("task.md", "checks.py", "meta.toml", "hints.toml")
_PROGRAMS = ("setup.sh", "run_autograder")
_DATE = (1980, 1, 1, 0, 0, 0)
_REGULAR = 0o100000
_CPU_TORCH = """\
# The direct dependencies at their tested versions. PyTorch comes from the index of its builds for CPU, which are
# much smaller than those for GPU; Gradescope has none.
--extra-index-url https://download.pytorch.org/whl/cpu
"""


def gradescope(exercises: Sequence[Exercise], target: Path) -> None:
    """Write the archive that Gradescope takes as an autograder.

    The same exercises and package give the same bytes.

    Args:
        exercises: Those of one chapter.
        target: The zip file to write.

    Raises:
        Unavailable: The package's dependencies cannot be told.

    Example:
        >>> gradescope(everything("ch01."), Path("ch01.zip"))  # doctest: +SKIP
    """
    (chapter,) = {exercise.id.split(".")[0] for exercise in exercises}
    files = {name: _filled(name, {"CHAPTER": chapter}).encode() for name in _PROGRAMS}
    files["requirements.txt"] = (_CPU_TORCH + "\n".join(_requirements()) + "\n").encode()
    files |= _package()
    for exercise in exercises:
        files |= _without_answers(exercise)
    with atomic_write(target, "wb") as file, zipfile.ZipFile(file, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every machine: else the permissions are lost
            entry.external_attr = (_REGULAR | (0o755 if name in _PROGRAMS else 0o644)) << 16
            archive.writestr(entry, data)


def github_classroom(exercises: Sequence[Exercise], target: Path) -> list[Path]:
    """Write what a template repository of GitHub Classroom needs: the workflow, a section for its README, the stubs.

    Args:
        exercises: Those of one chapter.
        target: The folder to write to.

    Returns:
        The files written.
    """
    (chapter,) = {exercise.id.split(".")[0] for exercise in exercises}
    address = _address()
    folder = f"work/{chapter}"
    words = {
        "CHAPTER": chapter,
        "FOLDER": folder,
        "ADDRESS": address,
        "REPOSITORY": address.removeprefix("https://github.com/"),
    }
    texts = {
        ".github/workflows/classroom.yml": _filled("classroom.yml", words),
        "README-exercises.md": _filled("classroom.md", words),
    }
    given = exercises[0].folder.parent / "exercises.ipynb"
    if given.exists():
        texts[f"{folder}/{given.name}"] = given.read_text(encoding="utf-8")
    texts |= {f"{folder}/{exercise.folder.name}.py": exercise.stub for exercise in exercises}
    written = []
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(text)
        written.append(path)
    return written


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub("@([A-Z]+)@", lambda match: words[match[1]], text)


def _package() -> dict[str, bytes]:
    """The source of the package itself."""
    kept = (path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc")
    names = {path: path.relative_to(PACKAGE.parent).as_posix() for path in kept}
    return {name: path.read_bytes() for path, name in names.items() if "/_exercises/" not in name}


def _without_answers(exercise: Exercise) -> dict[str, bytes]:
    """An exercise's files, with nothing in them that would solve it."""
    place = f"exercises/{exercise.folder.parent.name}/{exercise.folder.name}"
    files = {f"{place}/{name}": (exercise.folder / name).read_bytes() for name in _PUBLIC}
    return files | {f"{place}/master.py": exercise.stub.encode()}


def _requirements() -> list[str]:
    """The package's direct dependencies, pinned to the versions that the tests ran with."""
    pins = _pins()
    pinned = []
    for line in _declared():
        name, _, marker = (part.strip() for part in line.partition(";"))
        name = re.match(r"[\w.\-]+", name)[0]  # type: ignore[index]
        if "extra ==" not in marker:
            version = pins.get(_canonical(name)) or metadata.version(name).split("+")[0]
            pinned.append(f"{name}=={version}" + (f"; {marker}" if marker else ""))
    return sorted(pinned)


def _declared() -> list[str]:
    """The dependencies, from pyproject.toml in a checkout, else from the installed package's metadata."""
    if _PROJECT.exists():
        return list(_project()["dependencies"])
    try:
        return metadata.requires("minillm") or []
    except metadata.PackageNotFoundError:
        raise Unavailable("minillm is not installed, so what it depends on cannot be told: pip install it") from None


def _project() -> dict[str, Any]:
    return dict(tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"])


def _pins() -> dict[str, str]:
    """What constraints.txt says, in a checkout; elsewhere the installed versions are what is known to work."""
    file = PACKAGE.parent / "constraints.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    pairs = (line.partition(";")[0].partition("==") for line in lines if "==" in line and not line.startswith("#"))
    return {_canonical(name): version.strip() for name, _, version in pairs}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _address() -> str:
    """The repository's address, as the project declares it."""
    if _PROJECT.exists():
        return str(_project()["urls"]["Repository"])
    try:
        urls = metadata.metadata("minillm").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        urls = []
    for label, _, address in (url.partition(", ") for url in urls):
        if label == "Repository":
            return address
    raise Unavailable("minillm is not installed, so its repository's address is not known: pip install it")
