"""Every notebook keeps to the house's anatomy."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*/*.ipynb"))
SECTIONS = ["What you will be able to do", "What the book gets wrong here", "Exercises", "Summary", "Further reading"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def _source(cell):
    return "".join(cell["source"])


def _code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _prose(notebook):
    return "\n\n".join(_source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 5


def test_no_outputs_in_git(notebook):
    for cell in _code(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    assert "widgets" not in notebook["metadata"]


def test_every_notebook_starts_with_the_same_hidden_setup_cell(notebook):
    first = notebook["cells"][0]
    assert first["cell_type"] == "code"
    assert first["metadata"]["tags"] == ["remove-cell"]
    reference = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))["cells"][0]
    assert _source(first) == _source(reference)


def test_cells_are_short(notebook):
    for cell in _code(notebook):
        lines = _source(cell).splitlines()
        assert len(lines) <= 25, f"{len(lines)} lines in the cell that starts with {lines[0]!r}: at most 25"


def test_prose_says_why_before_a_cell(notebook):
    """Only what is folded (drawing) or left out of the site may follow another cell without a word."""
    previous = None
    for cell in notebook["cells"][1:]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code" and not tags:
            assert previous is not None
            assert previous["cell_type"] == "markdown", f"no prose before {_source(cell)[:80]!r}"
        if "remove-cell" not in tags:
            previous = cell


def test_sections_are_there_in_order(notebook):
    headings = re.findall(r"^## (.+)$", _prose(notebook), flags=re.MULTILINE)
    places = [headings.index(section) for section in SECTIONS if section in headings]
    missing = [section for section in SECTIONS if section not in headings]
    assert not missing
    assert places == sorted(places)
    assert len(re.findall(r"^# ", _prose(notebook), flags=re.MULTILINE)) == 1


def test_there_is_something_to_play_with_and_its_live_twin(notebook):
    code = [(_source(cell), cell["metadata"].get("tags", [])) for cell in _code(notebook)]
    assert any("frames(" in source and "remove-cell" not in tags for source, tags in code)
    lives = [tags for source, tags in code if "viz.live(" in source]
    assert lives
    assert all("remove-cell" in tags for tags in lives), "a live widget cannot work on the site: tag it remove-cell"


def test_a_property_is_asserted(notebook):
    assert any(re.search(r"^\s*assert ", _source(cell), flags=re.MULTILINE) for cell in _code(notebook))


def test_code_of_the_package_is_shown_not_repeated(notebook):
    assert any("show_source(" in _source(cell) for cell in _code(notebook))


def test_markdown_reads_well_everywhere(notebook):
    roles = re.findall(r"\{[a-z:]+\}`|^```\{|^:::", _prose(notebook), flags=re.MULTILINE)
    assert not roles, f"{roles}: JupyterLab and Colab show MyST roles and directives as they stand"


def test_further_reading_is_in_the_bibliography(notebook):
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    reading = _prose(notebook).split("## Further reading")[1]
    links = re.findall(r"\]\((https?://[^)]+)\)", reading)
    assert links
    for link in links:
        assert link.removeprefix("https://doi.org/") in bibliography, f"{link} is missing in book/references.bib"
