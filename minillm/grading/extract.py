"""From a notebook only what an exercise asks for, and what that needs: definitions, imports and constants.

Nothing is executed here. Magics and shell lines are dropped; cells that only show or try something are left behind.
"""

import ast
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from minillm.errors import FormatError, InvalidInput

MAX_BYTES = 8 << 20
_MAGIC = re.compile(r"^\s*[%!?].*$|^.*[^\s#]\?{1,2}\s*$", re.MULTILINE)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Statement = tuple[int, str, ast.stmt]


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
    defined, broken = _statements(cells)
    needed, waiting, missing = dict[int, str](), list(names), []
    while waiting:
        name = waiting.pop()
        if name in defined:
            for number, text, node in defined[name]:
                if number not in needed:
                    needed[number] = text
                    waiting.extend(_used(node))
        elif name in names:
            missing.append(name)
    if missing:
        where = [
            f"a cell that is no valid Python ({error})" for text, error in broken if any(n in text for n in missing)
        ]
        found = f"; there is {where[0]}" if where else ""
        raise InvalidInput(f"not defined: {', '.join(sorted(missing))}{found}. Define it in a cell and run that cell")
    return "\n\n\n".join(needed[number] for number in sorted(needed))


def _statements(cells: Iterable[str]) -> tuple[dict[str, list[Statement]], list[tuple[str, str]]]:
    """Top-level statements by the name they bind; the last binding counts. And the cells that do not parse."""
    defined: dict[str, list[Statement]] = {}
    broken, number = [], 0
    for cell in cells:
        text = "" if cell.lstrip().startswith("%%") else _MAGIC.sub("", cell)
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            broken.append((cell, str(error)))
            continue
        for node in tree.body:
            number += 1
            source = _segment(text, node)
            for name in _bound(node):
                defined[name] = [(number, source, node)]
            for name in _extended(node):  # name.attribute = ..., name += ...: belongs to what it changes
                defined.setdefault(name, []).append((number, source, node))
    return defined, broken


def _segment(text: str, node: ast.stmt) -> str:
    """A statement's own lines, decorators included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    if len(lines) == 1 and not isinstance(node, Definition):
        return ast.get_source_segment(text, node) or lines[0]  # several statements may share a line
    return "\n".join(lines)


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


def _extended(node: ast.stmt) -> list[str]:
    """Names whose object a statement changes in place."""
    if isinstance(node, ast.AugAssign):
        targets: list[ast.expr] = [node.target]
    elif isinstance(node, ast.Assign):
        targets = [target for target in node.targets if isinstance(target, ast.Attribute | ast.Subscript)]
    else:
        return []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def _used(node: ast.stmt) -> set[str]:
    """Names that a statement may look up."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def code_cells(path: Path) -> list[str]:
    """The code of a notebook's cells, or a Python file as one cell.

    Raises:
        FormatError: The file is too large, or not what its name says.
    """
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"{path.name} has {path.stat().st_size} bytes; at most {MAX_BYTES} are read")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix != ".ipynb":
            return [text]
        cells = json.loads(text)["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"{path.name} is no readable {path.suffix} file: {type(error).__name__}: {error}") from None
