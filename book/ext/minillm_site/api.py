"""The API reference: every module of the package, from its docstrings."""

import ast
from pathlib import Path
from typing import Any, NamedTuple

from sphinx.application import Sphinx

FIELD = type(NamedTuple("Example", [("field", int)]).field)


def page(root: Path) -> tuple[str, list[Path]]:
    """One section a package and one a module that holds public code; and the files they come from."""
    files = sorted(file for file in (root / "minillm").rglob("*.py") if file.stem != "__main__")
    parts = []
    for file in files:
        dotted = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if dotted.count(".") == 1 or _public(tree):
            level = "##" if dotted.count(".") <= 1 else "###"
            # A package's __init__ only gathers what its modules define.
            members = "" if file.stem == "__init__" else "   :members:\n"
            parts.append(f"{level} {dotted}\n\n```{{eval-rst}}\n.. automodule:: {dotted}\n{members}```")
    return "\n\n".join(parts), files


def skip_fields(app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the fields of named tuples, which stand among their class's attributes already; called by autodoc."""
    return True if isinstance(member, FIELD) else None


def _public(tree: ast.Module) -> bool:
    """Whether the module itself defines something without a leading underscore."""
    kinds = ast.ClassDef | ast.FunctionDef
    return any(isinstance(node, kinds) and not node.name.startswith("_") for node in tree.body)
