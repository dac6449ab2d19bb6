"""Terms: each is spelled one way, and what the chapters mark as a term is in the glossary."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GLOSSARY = yaml.safe_load((ROOT / "book" / "glossary.yml").read_text(encoding="utf-8"))
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    + [
        path
        for folder in ("book", "chapters")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".md", ".ipynb"}
    ]
)


def prose(path: Path) -> str:
    """A page's text without code, formulas and link targets."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$", " ", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


def slug(term: str) -> str:
    """The anchor of a heading, as the site makes it."""
    return re.sub(r"[^\w\- ]", "", term.lower()).strip().replace(" ", "-")


def test_entries_are_complete_and_unique():
    for entry in GLOSSARY:
        assert {"id", "en", "zh", "definition"} <= entry.keys() <= {"id", "en", "zh", "definition", "avoid"}, entry
        assert entry["id"] == slug(entry["en"]), f"the id of {entry['en']!r} must be {slug(entry['en'])!r}"
        assert re.search(r"[一-鿿]", entry["zh"]) or entry["zh"].isascii(), entry
        assert entry["definition"].strip().endswith("."), entry
    assert len({entry["id"] for entry in GLOSSARY}) == len(GLOSSARY)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_terms_are_spelled_as_in_the_glossary(path):
    text = prose(path)
    for entry in GLOSSARY:
        for spelling in entry.get("avoid", []):
            found = re.search(rf"\b{re.escape(spelling)}\b", text, flags=re.IGNORECASE)
            assert not found, f"{path.name} writes {found[0]!r}: the glossary's term is {entry['en']!r}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_marked_terms_are_in_the_glossary(path):
    known = {entry["id"] for entry in GLOSSARY}
    for anchor in re.findall(r"glossary\.md#([\w\-]+)", path.read_text(encoding="utf-8")):
        assert anchor in known, f"{path.name} links to the term {anchor!r}, which book/glossary.yml does not have"


def test_the_speller_finds_a_wrong_spelling():
    assert any(entry.get("avoid") for entry in GLOSSARY)


def test_every_term_is_used():
    text = " ".join(page.read_text(encoding="utf-8") for page in PAGES).lower()
    unused = [entry["en"] for entry in GLOSSARY if entry["en"].lower() not in text]
    assert not unused, f"terms that no page uses: {unused}"
