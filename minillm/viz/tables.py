"""Small tables in a notebook, as Markdown, so that the page's own style applies."""

from collections.abc import Mapping, Sequence
from typing import Any

from IPython.display import Markdown, display

from minillm.errors import InvalidInput


def table(rows: Sequence[Mapping[str, Any]], digits: int = 3) -> None:
    """Display rows of named values as a table; numbers are aligned to the right.

    Args:
        rows: One mapping a row, from column name to value; the first row names the columns.
        digits: Significant digits for floats.

    Raises:
        InvalidInput: There is no row, or a row's columns differ from the first one's.

    Example:
        >>> table([{"order": 2, "perplexity": 96.51}])  # doctest: +SKIP
    """
    display(Markdown(markdown_table(rows, digits)))


def markdown_table(rows: Sequence[Mapping[str, Any]], digits: int = 3) -> str:
    """The Markdown that ``table`` displays; arguments and errors are the same."""
    if not rows:
        raise InvalidInput("rows is empty: give at least one row")
    columns = list(rows[0])
    for row in rows:
        if list(row) != columns:
            raise InvalidInput(f"a row has the columns {list(row)}, the first row {columns}: give every row the same")
    numeric = [all(isinstance(row[c], int | float) or row[c] is None for row in rows) for c in columns]
    lines = [[_cell(c, digits) for c in columns], ["---:" if right else ":---" for right in numeric]]
    lines += [[_cell(row[c], digits) for c in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any, digits: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value).replace("&", "&amp;").replace("<", "&lt;")  # <s> is a word here, not a tag
        return text.replace("|", "\\|").replace("\n", " ")
    if isinstance(value, int) or abs(value) >= 10**digits:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.{digits}g}"
    return f"{value:.{digits}g}"
