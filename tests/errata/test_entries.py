"""Every erratum is complete, and what it points to exists."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "book" / "errata").glob("*.yml"))
REQUIRED = {"id", "section", "where", "kind", "status", "wrong", "right", "how"}
OPTIONAL = {"test", "notebook"}
KINDS = {"formula", "code", "fact", "text"}
PAGES = [*(ROOT / "chapters").rglob("*.ipynb"), *(ROOT / "chapters").rglob("*.md"), *(ROOT / "book").glob("*.md")]


def problems(entry: Any, stem: str) -> list[str]:
    """What is wrong with one entry, as sentences; an empty list for a good one."""
    if not isinstance(entry, dict):
        return ["the file does not hold a mapping"]
    found = [f"{field} is missing" for field in sorted(REQUIRED - entry.keys())]
    found += [f"{field} is not a field" for field in sorted(entry.keys() - REQUIRED - OPTIONAL)]
    found += [
        f"{field} is not a text" for field, text in entry.items() if not isinstance(text, str) or not text.strip()
    ]
    if found:
        return found
    checks = {
        f"id {entry['id']!r} does not look like e4b": re.fullmatch(r"e[1-9]\d*[a-z]?", entry["id"]),
        f"the file is not named after the id {entry['id']!r}": entry["id"] == stem,
        f"section {entry['section']!r} does not look like 2.1": re.fullmatch(r"\d+(\.\d+)*", entry["section"]),
        f"kind is {entry['kind']!r}": entry["kind"] in KINDS,
        f"status is {entry['status']!r}": entry["status"] in {"certain", "probable"},
        f"a {entry['kind']} needs a test": entry["kind"] in {"fact", "text"} or "test" in entry,
        "a fact needs an address in how": entry["kind"] != "fact" or "<https://" in entry["how"],
        "formulas have unpaired dollar signs": not any(str(text).count("$") % 2 for text in entry.values()),
    }
    return [message for message, good in checks.items() if not good]


def has_test(node: str) -> bool:
    """Whether a pytest node id names a function that is there."""
    match = re.fullmatch(r"(tests/[\w/]+\.py)::(test_\w+)", node)
    if match is None or not (ROOT / match[1]).is_file():
        return False
    tree = ast.parse((ROOT / match[1]).read_text(encoding="utf-8"))
    return any(isinstance(item, ast.FunctionDef) and item.name == match[2] for item in tree.body)


def text_of(page: Path) -> str:
    if page.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(page.read_text(encoding="utf-8"))["cells"])
    return page.read_text(encoding="utf-8")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_there_are_entries() -> None:
    assert {"e1", "e2", "e3a", "e4b", "e22b"} <= {path.stem for path in FILES}


def test_an_entry_is_complete(file: Path) -> None:
    assert problems(yaml.safe_load(file.read_text(encoding="utf-8")), file.stem) == []


def test_the_test_and_the_notebook_exist(file: Path) -> None:
    entry = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "test" in entry:
        assert has_test(entry["test"]), f"{entry['test']} does not exist"
    if "notebook" in entry:
        page = ROOT / entry["notebook"]
        assert page.is_file(), f"{entry['notebook']} does not exist"
        assert f"errata.md#{entry['id']})" in text_of(page), f"{entry['notebook']} does not link back to {entry['id']}"


def test_links_lead_to_entries() -> None:
    known = {path.stem for path in FILES}
    for page in PAGES:
        for anchor in re.findall(r"errata\.md#([\w-]+)", text_of(page)):
            assert anchor in known, f"{page.name} links to the erratum {anchor!r}, which book/errata does not have"


GOOD = {
    "id": "e99",
    "section": "2.1",
    "where": "Equation (2.9)",
    "kind": "formula",
    "status": "certain",
    "wrong": "$a$",
    "right": "$b$",
    "how": "Derived.",
    "test": "tests/errata/test_entries.py::test_there_are_entries",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "E99"}, "does not look like e4b"),
        ({"id": "e98"}, "not named after the id"),
        ({"section": 2.1}, "section is not a text"),
        ({"section": "2.1 a"}, "does not look like 2.1"),
        ({"kind": "typo"}, "kind is 'typo'"),
        ({"status": "maybe"}, "status is 'maybe'"),
        ({"wrong": "$a"}, "unpaired"),
        ({"right": " "}, "right is not a text"),
        ({"test": None}, "test is not a text"),
        ({"kind": "fact"}, "needs an address"),
        ({"page": "12"}, "page is not a field"),
    ],
)
def test_a_bad_entry_is_found(change: dict[str, Any], message: str) -> None:
    assert problems(GOOD, "e99") == []
    assert any(message in problem for problem in problems(GOOD | change, "e99"))


@pytest.mark.parametrize("kind", ["formula", "code"])
def test_formula_and_code_need_a_test(kind: str) -> None:
    entry = {field: text for field, text in GOOD.items() if field != "test"} | {"kind": kind}
    assert problems(entry, "e99") == [f"a {kind} needs a test"]


def test_a_missing_test_is_found() -> None:
    assert has_test(GOOD["test"])
    assert not has_test("tests/errata/test_entries.py::test_nothing_of_this_name")
    assert not has_test("tests/errata/test_absent.py::test_there_are_entries")
    assert not has_test("tests/errata/test_entries.py")
