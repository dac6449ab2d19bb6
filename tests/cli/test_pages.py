"""Every command that a page shows exists, with the options that it is shown with."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from minillm.cli import build_app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("book/*.md")), *ROOT.glob("chapters/*/*.md")]


def commands(page):
    """Lines of code blocks, and code in the text, that call minillm."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(minillm [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line for line in lines if line.startswith("minillm ")]


SHOWN = sorted({(page.name, line) for page in PAGES for line in commands(page)})


def parse(line):
    command = typer.main.get_command(build_app())
    words = shlex.split(line, comments=True)[1:]
    while hasattr(command, "commands") and words:
        command = command.commands[words.pop(0)]
    if words:
        command.make_context("minillm", words)


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=[line for _, line in SHOWN])
def test_command_on_a_page_is_true(page, line):
    parse(line)


@pytest.mark.parametrize("line", ["minillm exercises chek x", "minillm grade --all"])
def test_a_wrong_command_would_be_found(line):
    with pytest.raises(Exception, match=r"chek|--all"):
        parse(line)


def test_the_page_on_exercises_shows_every_command():
    page = (ROOT / "book" / "exercises.md").read_text(encoding="utf-8")
    exercises = typer.main.get_command(build_app()).commands["exercises"]
    shown = set(re.findall(r"minillm exercises ([\w-]+)", page))
    assert shown >= exercises.commands.keys()
    assert {"gradescope", "github-classroom"} == set(re.findall(r"minillm exercises export ([\w-]+)", page))
