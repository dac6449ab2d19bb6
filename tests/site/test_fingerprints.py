"""A notebook is executed again when something changes that its outputs depend on, and only then."""

import json
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[2] / "book" / "ext"
FILES = {
    "constraints.txt": "torch==1",
    "minillm/__init__.py": "",
    "minillm/nn/__init__.py": "from minillm.nn.norms import Norm",
    "minillm/nn/norms.py": "import minillm.errors",
    "minillm/errors.py": "class Wrong(Exception): ...",
    "minillm/data/__init__.py": "",
    "minillm/data/models.csv": "GPT,1",
    "minillm/viz.py": "",
    "benchmarks/results/speed.json": "{}",
    "benchmarks/results/other.json": "{}",
}


@pytest.fixture
def print_of(tmp_path, monkeypatch):
    """``print_of(code)``: the fingerprint of a notebook with one cell, in a small repository of its own."""
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    from minillm_site import dependencies

    monkeypatch.setattr(dependencies, "ROOT", tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def of(code):
        cell = {"cell_type": "code", "source": code}
        (tmp_path / "notebook.ipynb").write_text(json.dumps({"cells": [cell]}))
        return dependencies.fingerprint(tmp_path / "notebook.ipynb")

    return of


CODE = "%matplotlib inline\nfrom minillm.nn import Norm\nimport minillm.data\nopen('speed.json')"
MATTERS = {
    "its own code": None,
    "a module it imports": "minillm/nn/__init__.py",
    "a module that one imports": "minillm/nn/norms.py",
    "a module behind that": "minillm/errors.py",
    "data beside a module": "minillm/data/models.csv",
    "a recorded result": "benchmarks/results/speed.json",
    "the pinned versions": "constraints.txt",
}


@pytest.mark.parametrize("what", MATTERS)
def test_what_matters_changes_the_fingerprint(print_of, tmp_path, what):
    before = print_of(CODE)
    file = MATTERS[what]
    if file is not None:
        (tmp_path / file).write_text(FILES[file] + "\n# changed")
    assert print_of(CODE if file else CODE + "\n1") != before


@pytest.mark.parametrize("file", ["minillm/viz.py", "benchmarks/results/other.json"])
def test_what_does_not_matter_changes_nothing(print_of, tmp_path, file):
    before = print_of(CODE)
    (tmp_path / file).write_text("changed")
    assert print_of(CODE) == before


def test_asking_for_one_notebook_does_not_change_the_answer_for_the_next(print_of):
    other = "import minillm.viz"
    assert [print_of(CODE), print_of(other)] == [print_of(CODE), print_of(other)]
