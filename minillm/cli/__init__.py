"""The command line: ``minillm --help``.

Nothing heavy is imported here: torch takes seconds, and help should not.
"""

import sys

import typer
from rich.console import Console

from minillm import __version__
from minillm.cli import exercises, generate, grade, info, train
from minillm.errors import MinillmError

__all__ = ["build_app", "main"]


def build_app(terminal: bool = False) -> typer.Typer:
    """Make the application.

    Args:
        terminal: Whether a person looks at the output: colors and frames then, plain lines otherwise.

    Returns:
        The application with all commands.

    Example:
        >>> build_app().info.help.splitlines()[0]
        'Build a large language model, part by part.'

    Source: None; a wrapper around typer.
    """
    app = typer.Typer(
        name="minillm",
        help="Build a large language model, part by part.\n\nThe notebooks are the way in: `make lab` opens them.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown" if terminal else None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    app.command("doctor")(_doctor)
    app.command("train")(train.train)
    app.command("generate")(generate.generate)
    app.command("info")(info.info)
    app.command("grade")(grade.grade)
    app.add_typer(exercises.app, name="exercises")
    return app


def main() -> None:
    """Run the command line; the entry point ``minillm``.

    Raises:
        SystemExit: Always, with 0 for success, 1 for an error of this package, 2 for wrong usage.

    Example:
        >>> main()  # doctest: +SKIP

    Source: None; a wrapper around typer.
    """
    try:
        build_app(terminal=sys.stdout.isatty())()
    except MinillmError as error:
        Console(stderr=True, highlight=False).print(f"Error: {error}", markup=False, soft_wrap=True)
        raise SystemExit(1) from None


def _show_version(wanted: bool) -> bool:
    if wanted:
        Console(highlight=False).print(f"minillm {__version__}")
        raise typer.Exit
    return wanted


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Options before the command; each acts in its callback."""


def _doctor() -> None:
    """What this machine has, what it lacks, how to get it.

    Exits with 0 when everything that needs no GPU can run, else with 1.
    """
    from minillm.cli.doctor import examine, report

    console = Console(highlight=False)
    with console.status("examining this machine"):
        checks = examine()
    raise typer.Exit(0 if report(console, checks) else 1)
