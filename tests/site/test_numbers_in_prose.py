"""Every number that a notebook's prose states is one that its page shows, cites, or that a committed run recorded."""

import json
import re
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "_build" / "html" / "chapters"
NOTEBOOKS = sorted(path.relative_to(ROOT / "chapters").with_suffix("") for path in ROOT.glob("chapters/*/*.ipynb"))
CITED = yaml.safe_load((Path(__file__).parent / "cited_numbers.yml").read_text(encoding="utf-8"))

NUMBER = re.compile(r"(?<![\w.,])((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?![\w.,]*\d)(\s*(?:%|percent))?")
_PLACE = r"\(?\d+\.\d+(?:\.\d+)?[A-Za-z]?\)?"
PLACES = re.compile(
    rf"(?:[Ss]ections?|[Ee]quations?|[Tt]ables?|[Ff]igures?|[Cc]hapters?)\s*{_PLACE}(?:(?:,| and| to|–)\s*{_PLACE})*"
)
DURATIONS = re.compile(r"\b\d+ minutes to read")


def _numbers(text):
    """Each number of a text as printed, its value, and whether it is in percent."""
    return [(n, float(n.replace(",", "")), bool(percent)) for n, percent in NUMBER.findall(text)]


def _is_small_or_a_year(value):
    return value == int(value) and (value <= 12 or 1900 <= value <= 2100)


def _is_shown(shown, text, value, percent):
    """Whether some number on the page is the stated one when it is rounded as the prose rounds."""
    digits = len(text.partition(".")[2])
    return any(round(factor * other, digits) == value for other in shown for factor in ((1, 100) if percent else (1,)))


def _recorded(article):
    """Numbers of the recorded runs that the page names."""
    names = set(re.findall(r"benchmarks/(?:results/)?(\w+)\.(?:json|py)", article.get_text()))
    files = [ROOT / "benchmarks" / "results" / f"{name}.json" for name in sorted(names)]
    return [
        value for file in files if file.exists() for _, value, _ in _numbers(json.dumps(json.loads(file.read_text())))
    ]


def unsupported(html, cited=()):
    """The numbers of a page's prose that nothing on it supports, each with the words around it.

    Small whole numbers, years, places in the book and the list of exercises are left out, and so are paragraphs that
    link to a paper or to an erratum, where the number can be looked up.
    """
    article = BeautifulSoup(html, "html.parser").find("article")
    shown = _recorded(article)
    for cell in article.select("div.cell"):
        texts = [cell.get_text(" "), *(image.get("alt", "") for image in cell.select("img, svg"))]
        shown += [value for text in texts for _, value, _ in _numbers(text)]
        cell.decompose()
    for part in article.select("section#exercises, code, .headerlink"):
        part.decompose()
    found = []
    for block in article.select("p, li, td"):
        if block.find(["p", "li"]) or block.select('a.external, a[href*="errata"]'):
            continue
        text = DURATIONS.sub("", PLACES.sub("", block.get_text().replace("{,}", ",")))
        for stated, value, percent in _numbers(text):
            if stated not in cited and not _is_small_or_a_year(value) and not _is_shown(shown, stated, value, percent):
                found.append(f"{stated} in: {' '.join(text.split())[:200]}")
    return found


@pytest.mark.parametrize("page", NOTEBOOKS, ids=str)
def test_numbers_in_prose_are_shown_or_cited(page):
    html = (PAGES / page.with_suffix(".html")).read_text(encoding="utf-8")
    assert not unsupported(html, CITED.get(str(page), {})), (
        "print it in a cell, cite it in the same paragraph, or enter it with its source in tests/site/cited_numbers.yml"
    )


def test_nothing_is_on_the_list_of_cited_numbers_in_vain():
    for page, numbers in CITED.items():
        html = (PAGES / f"{page}.html").read_text(encoding="utf-8")
        without = " ".join(unsupported(html))
        assert not [number for number in numbers if f"{number} in: " not in without], f"{page}: the prose has it not"


def _page(prose, cell="<div class='cell'>loss 0.9234, 1,238 steps</div>"):
    return f"<article>{cell}<p>{prose}</p></article>"


@pytest.mark.parametrize(
    "prose",
    ["It is 0.92.", "About 92 % of them.", "After 1,238 steps.", "In 1998, at 3 places, section 2.2.4 says so."],
)
def test_what_the_page_shows_is_supported(prose):
    assert unsupported(_page(prose)) == []


@pytest.mark.parametrize("prose", ["It is 0.93.", "About 91 % of them.", "After 1238.5 steps.", "Only 92 are left."])
def test_what_the_page_does_not_show_is_found(prose):
    assert len(unsupported(_page(prose))) == 1


def test_a_recorded_run_supports_the_pages_that_name_it():
    recorded = json.loads((ROOT / "benchmarks" / "results" / "exercise_proof.json").read_text(encoding="utf-8"))
    prose = f"It took {recorded['rows'][0]['minutes']} minutes."
    assert len(unsupported(_page(prose))) == 1
    assert unsupported(_page(f"{prose} The command is benchmarks/exercise_proof.py.")) == []


def test_a_citation_supports_the_numbers_of_its_paragraph_alone():
    link = "<a class='reference external' href='https://arxiv.org/abs/1'>They</a> report 77.7."
    assert unsupported(_page(link)) == []
    assert len(unsupported(_page(link + "</p><p>So 77.7 it is."))) == 1
