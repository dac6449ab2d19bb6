"""Showing the package's own code in a notebook, so that no notebook repeats it."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from IPython.display import Markdown, display

from minillm.errors import InvalidInput


def show_source(obj: Callable[..., Any] | type, *, docstring: bool = False) -> None:
    """Display the source code of a function or class, highlighted by whatever shows the notebook.

    Args:
        obj: A function, method or class of the package.
        docstring: Keep the docstrings, which repeat what the notebook's prose says.

    Raises:
        InvalidInput: The object has no Python source.

    Example:
        >>> show_source(textwrap.dedent)  # doctest: +SKIP
    """
    name = getattr(obj, "__qualname__", repr(obj))
    display(Markdown(f"`{obj.__module__}.{name}`\n```python\n{source(obj, docstring=docstring)}\n```"))


def source(obj: Callable[..., Any] | type, *, docstring: bool = False) -> str:
    """The source code that ``show_source`` displays; arguments and errors are the same."""
    try:
        text = textwrap.dedent(inspect.getsource(inspect.unwrap(obj)))
    except (OSError, TypeError) as error:
        raise InvalidInput(f"{obj!r} has no Python source: give a function, method or class") from error
    return text.rstrip() if docstring else _without_docstrings(text)


def _without_docstrings(text: str) -> str:
    """Cut the lines of every docstring, keeping comments and layout as they are."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            for i in range(first.lineno - 1, first.end_lineno or first.lineno):
                lines[i] = "\0"
            if len(node.body) == 1:  # a body must not be empty
                lines[first.lineno - 1] = " " * first.col_offset + "..."
    kept = [line for line in lines if line != "\0"]
    return "\n".join(kept).rstrip()
