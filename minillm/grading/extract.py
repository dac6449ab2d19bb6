"""From a notebook only what an exercise asks for, and what that needs: definitions, imports and constants.

Nothing is executed here. Magics and shell lines are dropped; cells that only show or try something are left behind.
"""

import ast
import builtins
import functools
import json
import re
import symtable
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minillm.errors import FormatError, InvalidInput

MAX_BYTES = 8 << 20
MAX_CODE = 256 << 10
# Cell magics whose body is Python that binds names in the notebook; the others' bodies are something else.
_PYTHON_BODIES = ("%%time", "%%capture")
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|[\w.*]+\?{1,2}\s*$|[\w, ]+=\s*[%!]).*$")
_COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")
_NEWLINE = re.compile(r"\r\n?|\n")
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Block = ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While | ast.Match


@dataclass(frozen=True)
class Statement:
    """One statement at the top level of a cell, numbered in the order of the cells."""

    number: int
    text: str


@dataclass
class Module:
    """The top-level statements of some cells by what they are good for.

    Attributes:
        defined: By name, the statements that give it its last meaning or change that.
        stars: ``from x import *``, which may define anything.
        futures: ``from __future__ import ...``, which change how all the others are read.
        broken: Cells that are no valid Python, with the reason.
    """

    defined: dict[str, list[Statement]] = field(default_factory=dict)
    stars: list[Statement] = field(default_factory=list)
    futures: list[Statement] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)

    def take(self, node: ast.stmt, statement: Statement) -> None:
        """Sort one statement in."""
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self.futures.append(statement)
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            self.stars.append(statement)
        for name in _bound(node):
            self.defined[name] = [statement]
        for name in _changed(node, statement.text):
            self.defined.setdefault(name, []).append(statement)

    def excuse(self, names: Sequence[str]) -> str:
        """Why names may be missing: the first cell that mentions one of them and is no valid Python."""
        reasons = [reason for text, reason in self.broken if any(name in text for name in names)]
        return f"; there is a cell that is no valid Python ({reasons[0]})" if reasons else ""


def extract(cells: Iterable[str], names: Sequence[str]) -> str:
    r"""The source that defines some names, with all that those definitions use.

    Args:
        cells: Code cells in the order in which they stand or ran; a later definition replaces an earlier one.
        names: What must be defined.

    Returns:
        Python source, in the order of the cells.

    Raises:
        InvalidInput: A name is not defined, or stands in a cell that is no valid Python.

    Example:
        >>> print(extract(["import math", "print('hi')", "def f(x):\n    return math.exp(x)"], ["f"]))
        import math
        <BLANKLINE>
        <BLANKLINE>
        def f(x):
            return math.exp(x)
    """
    return select(read(cells), names)


def select(module: Module, names: Sequence[str]) -> str:
    """As ``extract``, from cells that were read before."""
    missing = sorted(name for name in names if name not in module.defined)
    if missing:
        raise InvalidInput(
            f"not defined: {', '.join(missing)}{module.excuse(missing)}. Define it in a cell and run that cell"
        )
    needed, waiting, seen = dict[int, Statement](), list(names), set(names)
    unknown = False
    while waiting:
        name = waiting.pop()
        unknown |= name not in module.defined and not hasattr(builtins, name)
        for statement in module.defined.get(name, []):
            if statement.number not in needed:
                needed[statement.number] = statement
                fresh = set().union(*_used(statement.text)) - seen
                seen |= fresh
                waiting.extend(fresh)
    stars = module.stars if unknown else []
    ordered = _Order(module).of(sorted([*needed.values(), *stars], key=lambda statement: statement.number))
    return "\n\n\n".join(statement.text for statement in [*module.futures, *ordered])


class _Order:
    """Puts statements in the order of the cells, but what one needs in order to run goes before it.

    The two differ where a name was given its meaning again in a later cell, as ``import numpy as np`` often is: the
    last meaning counts, and earlier cells need it.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.visited: set[tuple[int, bool]] = set()
        self.ordered: dict[int, Statement] = {}

    def of(self, statements: Sequence[Statement]) -> list[Statement]:
        """The statements in their order.

        Raises:
            FormatError: They depend on each other in a chain that is too long to follow.
        """
        try:
            for statement in statements:
                self._put(statement, called=False)
        except RecursionError:
            raise FormatError("the definitions depend on each other in too long a chain") from None
        return list(self.ordered.values())

    def _put(self, statement: Statement, *, called: bool) -> None:
        """Put a statement after all that must be there when it runs, and when what it defines is called."""
        if (statement.number, called) in self.visited:
            return
        self.visited.add((statement.number, called))
        at_once, when_called = _used(statement.text)
        for name in sorted(at_once | when_called if called else at_once):
            for other in self.module.defined.get(name, []):
                if other.number != statement.number:
                    self._put(other, called=True)
        self.ordered.setdefault(statement.number, statement)


def read(cells: Iterable[str]) -> Module:
    """Sort the statements of all cells by the names that they bind.

    Raises:
        FormatError: It is more code than any exercise asks for.
    """
    module, number, size = Module(), 0, 0
    for cell in cells:
        size += len(cell)
        if size > MAX_CODE:
            raise FormatError(f"more than {MAX_CODE >> 10} KiB of code; hand in only what the exercises ask for")
        text = _NEWLINE.sub("\n", cell)
        try:
            text, tree = _parse(text)
            lines = text.split("\n")
            for node in tree.body:
                number += 1
                module.take(node, Statement(number, _segment(lines, node)))
        except _UNREADABLE as error:
            module.broken.append((cell, f"{type(error).__name__}: {error}"))
    return module


def _parse(text: str) -> tuple[str, ast.Module]:
    """A cell's text without what only a notebook understands, and its tree."""
    first = text.lstrip().split("\n", 1)[0]
    if first.startswith("%%"):
        text = text.lstrip()[len(first) :] if first.split()[0] in _PYTHON_BODIES else ""
    lines = text.split("\n")
    while True:
        try:
            return "\n".join(lines), ast.parse("\n".join(lines))
        except SyntaxError as error:  # only a line at which Python stumbles can be a magic: "% 2" may be arithmetic
            place = (error.lineno or 0) - 1
            magic = _MAGIC.match(lines[place]) if 0 <= place < len(lines) else None
            if magic is None:
                raise
            lines[place] = f"{magic[1]}pass"


def _segment(lines: list[str], node: ast.stmt) -> str:
    """A statement's own text, decorators included. Columns count bytes."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    last = node.end_lineno or node.lineno
    kept = [line.encode() for line in lines[first - 1 : last]]
    kept[-1] = kept[-1][: node.end_col_offset]
    kept[0] = kept[0][0 if decorators else node.col_offset :]
    return b"\n".join(kept).decode()


def _bound(node: ast.stmt) -> list[str]:
    """Names that a statement gives a new meaning."""
    if isinstance(node, Definition):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [part.id for target in targets for part in ast.walk(target) if _stored(part)]  # type: ignore[attr-defined]
    return []


def _stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _changed(node: ast.stmt, text: str) -> set[str]:
    """Names whose object a statement changes in place, or to which it may give a new meaning."""
    if isinstance(node, Block):
        symbols = symtable.symtable(text, "cell", "exec").get_symbols()
        return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    if isinstance(node, ast.AugAssign):
        targets: list[ast.expr] = [node.target]
    elif isinstance(node, ast.Assign):
        targets = [target for target in node.targets if isinstance(target, ast.Attribute | ast.Subscript)]
    else:
        return set()
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


@functools.lru_cache(maxsize=10_000)
def _used(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names that a statement looks up outside itself: when it runs, and when what it defines is called."""
    at_once, when_called = set[str](), set[str]()
    tables = [(symtable.symtable(text, "cell", "exec"), at_once)]
    while tables:
        table, names = tables.pop()
        for child in table.get_children():
            lazy = child.get_type() == "function" and child.get_name() not in _COMPREHENSIONS
            tables.append((child, when_called if lazy else names))
        for symbol in table.get_symbols():
            if symbol.is_global() or (table.get_type() == "module" and symbol.is_referenced()):
                names.add(symbol.get_name())
    return frozenset(at_once), frozenset(when_called)


def code_cells(path: Path) -> list[str]:
    """The code of a notebook's cells, or a Python file as one cell.

    Raises:
        FormatError: The file is too large, or not what its name says.
    """
    with path.open("rb") as file:
        return cells_of(path.name, file.read(MAX_BYTES + 1))


def cells_of(name: str, data: bytes) -> list[str]:
    """As ``code_cells``, from a file's name and content.

    Raises:
        FormatError: As there.
    """
    suffix = Path(name).suffix.lower()
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name} is larger than {MAX_BYTES >> 20} MiB; no more is read")
    try:
        text = data.decode("utf-8-sig")
        return _notebook_cells(json.loads(text)) if suffix == ".ipynb" else [text]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"{name} is no readable {suffix} file: {type(error).__name__}: {error}") from None


def _notebook_cells(notebook: Any) -> list[str]:
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [str(cell) for cell in cells]
