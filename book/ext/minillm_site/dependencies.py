"""What a notebook's outputs depend on: its code, the modules it imports and theirs in turn, and recorded results."""

import ast
import functools
import hashlib
import json
import platform
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]


def fingerprint(notebook: Path) -> str:
    """A digest of everything in the repository that can change what the notebook's cells print."""
    code = "\n".join(code_cells(notebook))
    digest = hashlib.sha256(platform.python_version().encode())
    digest.update((ROOT / "constraints.txt").read_bytes())
    digest.update(code.encode())
    for file in sorted(_modules(code) | _recorded(code)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def code_cells(notebook: Path) -> list[str]:
    """The sources of a notebook's code cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _recorded(code: str) -> set[Path]:
    """The recorded results that the code names."""
    files = (ROOT / "benchmarks" / "results").glob("*.json")
    return {file for file in files if file.name in code}


def _modules(code: str) -> set[Path]:
    """Every file of the package that the code imports, directly or through another; data beside them as well."""
    python = re.sub(r"^\s*[%!].*$", "", code, flags=re.MULTILINE)
    waiting, asked, seen = set(_imports(python)), set[str](), set[Path]()
    while waiting:
        name = waiting.pop()
        if name in asked:
            continue
        asked.add(name)
        for file in set(_files(name)) - seen:
            seen.add(file)
            if file.suffix == ".py":
                waiting |= _imports(file.read_text(encoding="utf-8"))
    return seen


@functools.lru_cache(maxsize=1024)
def _imports(code: str) -> frozenset[str]:
    """Dotted names that might be modules of ours: `from a.b import c` gives a.b and a.b.c."""
    found = set[str]()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found |= {name for name in names if name.split(".")[0] == "minillm"}
    return frozenset(found)


def _files(module: str) -> Iterator[Path]:
    """The files behind a dotted name, its parent packages' included; nothing where the name is no module."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        path = ROOT.joinpath(*parts[:depth])
        if path.is_dir():
            yield path / "__init__.py"
            yield from (file for file in path.iterdir() if file.is_file() and file.suffix not in {".py", ".typed"})
        elif path.with_suffix(".py").is_file():
            yield path.with_suffix(".py")
