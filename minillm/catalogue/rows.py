"""Reading a table with a fixed header, with errors that name the file and the line."""

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path

from minillm.errors import FormatError, Unavailable


class Row:
    """One line of a table, whose cells are checked as they are taken out."""

    def __init__(self, cells: dict[str, str], place: str) -> None:
        self.cells = cells
        self.place = place

    def fail(self, message: str) -> FormatError:
        """The error to raise for this line."""
        return FormatError(f"{self.place}: {message}")

    def text(self, column: str) -> str:
        """A cell that must not be empty."""
        if not self.cells[column]:
            raise self.fail(f"{column} is empty: give a value")
        return self.cells[column]

    def choice(self, column: str, allowed: Sequence[str]) -> str:
        """A cell that must hold one of a few words."""
        if self.cells[column] not in allowed:
            raise self.fail(f"{column} is {self.cells[column]!r}: give one of {', '.join(allowed)}")
        return self.cells[column]

    def optional_number(self, column: str) -> float | None:
        """A cell that may be empty and must otherwise hold a positive number."""
        return self.number(column) if self.cells[column] else None

    def number(self, column: str) -> float:
        """A cell that must hold a positive number."""
        text = self.text(column)
        try:
            value = float(text)
        except ValueError as error:
            raise self.fail(f"{column} is {text!r}: give a number") from error
        if not math.isfinite(value) or value <= 0:
            raise self.fail(f"{column} is {value}: give a positive number")
        return value

    def source(self) -> str:
        """The address that the line's figures come from."""
        if not self.cells["source"].startswith("https://"):
            raise self.fail(f"source is {self.cells['source']!r}: give an address that starts with https://")
        return self.cells["source"]


def read_rows(path: str | os.PathLike[str], columns: Sequence[str]) -> list[Row]:
    """Read a UTF-8 CSV file with exactly the given columns and a unique, non-empty first column.

    Args:
        path: The file.
        columns: Names of the header line, in order.

    Returns:
        The lines after the header, cells stripped of blanks.

    Raises:
        Unavailable: The file cannot be read.
        FormatError: It is not UTF-8, its header differs, it has no lines, a line has too few or too many cells, or
            two lines have the same name.
    """
    name = Path(path).name
    try:
        with open(path, encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file, strict=True))
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror}): give the path of a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{name} is not a UTF-8 CSV file ({error}): save it as one") from error
    if not lines or lines[0] != list(columns):
        found = ",".join(lines[0]) if lines else "nothing"
        raise FormatError(f"{name} begins with {found}: the first line must be {','.join(columns)}")
    rows = [_row(f"{name}, row {i}", cells, columns) for i, cells in enumerate(lines[1:], start=1)]
    if not rows:
        raise FormatError(f"{name} has a header and no rows: add at least one")
    _refuse_doubles(rows, columns[0])
    return rows


def _row(place: str, cells: list[str], columns: Sequence[str]) -> Row:
    if len(cells) != len(columns):
        raise FormatError(f"{place}: {len(cells)} cells, but the header has {len(columns)}: quote cells with commas")
    return Row({column: cell.strip() for column, cell in zip(columns, cells, strict=True)}, place)


def _refuse_doubles(rows: list[Row], column: str) -> None:
    seen: set[str] = set()
    for row in rows:
        value = row.text(column)
        if value in seen:
            raise row.fail(f"{column} {value!r} stands in the file twice: keep one of the rows")
        seen.add(value)
