"""The commands as a learner or an instructor calls them, in an empty folder and with three small exercises."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from minillm.cli import build_app

SMALL = Path(__file__).parents[1] / "grading" / "exercises"


@pytest.fixture
def small_exercises(monkeypatch, tmp_path):
    monkeypatch.setenv("MINILLM_EXERCISES", str(SMALL))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def minillm(small_exercises):
    """``minillm("exercises", "list")`` runs a command; its result has ``exit_code``, ``stdout`` and ``stderr``."""

    def run(*arguments, answer=None):
        return CliRunner().invoke(build_app(), [str(argument) for argument in arguments], input=answer)

    return run
