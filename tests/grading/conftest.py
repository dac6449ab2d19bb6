"""Three small exercises in place of the book's, and a way to write what a learner hands in."""

import json
from pathlib import Path

import pytest

from minillm.grading.exercise import everything, find

SMALL = Path(__file__).parent / "exercises"


@pytest.fixture(autouse=True)
def small_exercises(monkeypatch, tmp_path):
    monkeypatch.setenv("MINILLM_EXERCISES", str(SMALL))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def exercises():
    return everything("ch01.")


@pytest.fixture
def double():
    return find("ch01.double")


@pytest.fixture
def spread():
    return find("ch01.spread")


@pytest.fixture
def notebook(tmp_path):
    """``notebook(name, *cells)`` writes a notebook with these code cells and returns its path."""

    def write(name, *cells):
        code = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
        path = tmp_path / name
        path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": "# Title"}, *code]}))
        return path

    return write
