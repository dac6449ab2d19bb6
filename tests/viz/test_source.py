import ast

import pytest

from minillm.errors import InvalidInput
from minillm.files import atomic_write
from minillm.viz import source
from minillm.viz.theme import style


class Greeter:
    """A class with docstrings everywhere."""

    def greet(self, name: str) -> str:
        """Greet by name."""
        # politeness first
        return f"hello {name}"

    def silent(self) -> None:
        """Say nothing."""


def test_docstrings_go_and_comments_stay():
    text = source.source(Greeter)
    assert '"""' not in text
    assert "# politeness first" in text
    names = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert names == ["greet", "silent"]


def test_docstrings_can_be_kept():
    assert '"""Greet by name."""' in source.source(Greeter.greet, docstring=True)


def test_decorated_functions_show_their_own_source():
    assert "os.replace" in source.source(atomic_write)
    assert source.source(style).startswith("def style()")


def test_what_has_no_source_is_refused():
    with pytest.raises(InvalidInput, match="no Python source"):
        source.source(len)
