"""How every command speaks: plain text where the output is no terminal, and an error as one line, never a traceback."""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from minillm.errors import FormatError, MinillmError

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")

NOT_PASSED, NOT_DONE, INTERRUPTED = 1, 2, 130


def console(*, stderr: bool = False) -> Console:
    """Where a command writes to, as standard output is now."""
    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, soft_wrap=True)


def answers(command: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
    """Make a command end with a red line and an exit code where one of our errors is raised.

    The code is 1 for a damaged file and 2 where the command could not do what it was asked to.
    """

    @functools.wraps(command)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        try:
            return command(*args, **kwargs)
        except MinillmError as error:
            code, message = NOT_PASSED if isinstance(error, FormatError) else NOT_DONE, str(error)
        except OSError as error:
            if error.filename is None:  # no file's fault: a closed pipe, say, which typer knows how to end on
                raise
            code, message = NOT_DONE, f"{error.filename}: {error.strerror}"
        console(stderr=True).print(f"[red]{escape(message)}[/red]")
        raise typer.Exit(code)

    return guarded


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table without frames; numbers stand to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        numbers = all(str(row[place]).replace("/", "").isdigit() for row in rows)
        made.add_column(column, justify="right" if numbers and rows else "left", no_wrap=not place, overflow="fold")
    for row in rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    return made
