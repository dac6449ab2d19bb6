"""The docstrings of the running Python's standard library: real English that is always at hand.

The sources are parsed, never imported. What is kept is prose: doctest sessions and ruled lines are dropped.
A docstring that shares half or more of its runs of eight words with the ones before it is left out.
"""

import ast
import inspect
import os
import re
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

from minillm.data.corpus import Document
from minillm.errors import Unavailable

_SKIPPED = frozenset(
    ["test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "pydoc_data", "ensurepip"]
)
_RUN = 8
_MIN_WORDS = 3
_Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_Block = (ast.stmt, ast.excepthandler, ast.match_case)


def read_docstrings(folder: Path | None = None) -> tuple[Document, ...]:
    """Read the docstrings below a folder of Python sources.

    Args:
        folder: Where to look; None is the running Python's standard library.

    Returns:
        One document a docstring, ordered by file and line. Its id is ``path:line``.

    Raises:
        Unavailable: The folder holds no docstring, as where Python was installed without its sources.

    Example:
        >>> len(read_docstrings()) > 5000
        True

    Source: None; the text is the Python developers'.
    """
    root = Path(sysconfig.get_path("stdlib")) if folder is None else folder
    seen: set[str] = set()
    documents = []
    for identifier, raw in _docstrings(root):
        text = _prose(raw)
        if len(re.findall(r"[A-Za-z]{2,}", text)) >= _MIN_WORDS and _is_new(text, seen):
            documents.append(Document(identifier, text))
    if not documents:
        raise Unavailable(
            f"no Python source with docstrings below {root}: this Python seems to be installed without its "
            "sources. Use corpora.village() or corpora.files(paths) instead."
        )
    return tuple(documents)


def _docstrings(root: Path) -> Iterator[tuple[str, str]]:
    for path in _sources(root):
        relative = path.relative_to(root)
        tree = _parse(path)
        for definition in _definitions(tree) if tree else ():
            if docstring := ast.get_docstring(definition, clean=False):
                yield f"{relative.as_posix()}:{definition.body[0].lineno}", docstring


def _sources(root: Path) -> Iterator[Path]:
    """The Python files in a fixed order; skipped folders are not entered, since site-packages can be vast."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(set(subfolders) - _SKIPPED)
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))


def _definitions(node: ast.AST) -> Iterator[_Definition]:
    """Every module, class and function in source order; expressions, the bulk of a tree, are not entered."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Definition):
            yield node
        children = [child for child in ast.iter_child_nodes(node) if isinstance(child, _Block)]
        waiting.extend(reversed(children))


def _parse(path: Path) -> ast.Module | None:
    """The parsed file; None for the few that are no Python of this version (templates, bad samples)."""
    try:
        with tokenize.open(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read())
    except (SyntaxError, UnicodeDecodeError, OSError):
        return None


def _prose(docstring: str) -> str:
    """The docstring without its doctest sessions and ruled lines."""
    kept: list[str] = []
    in_session = False
    for line in inspect.cleandoc(docstring).splitlines():
        stripped = line.strip()
        in_session = stripped.startswith(">>>") or (in_session and stripped != "")
        if not in_session and (not stripped or re.search(r"\w", stripped)):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _is_new(text: str, seen: set[str]) -> bool:
    """Whether less than half of the text's runs of eight words were seen before; remembers all of them."""
    words = re.findall(r"\w+", text.lower())
    runs = [" ".join(words[i : i + _RUN]) for i in range(max(1, len(words) - _RUN + 1))]
    known = sum(run in seen for run in runs)
    seen.update(runs)
    return 2 * known < len(runs)
