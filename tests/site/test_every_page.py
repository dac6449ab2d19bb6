"""Every page of the table of contents, as a reader meets it: offline, in both themes, on a narrow screen."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("site")


def _pages():
    toc = parse_toc_yaml(ROOT / "_toc.yml")
    names = [toc.root.docname]
    for item in toc.values():
        for part in item.subtrees:
            for entry in part.items:
                names += (
                    [str(path.relative_to(ROOT).with_suffix("")) for path in sorted(ROOT.glob(f"{entry}.ipynb"))]
                    if "*" in entry
                    else [entry]
                )
    return list(dict.fromkeys(names))


PAGES = _pages()
NOTEBOOKS = [page for page in PAGES if (ROOT / f"{page}.ipynb").exists()]
every_page = pytest.mark.parametrize("name", PAGES)
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


# Images with what they say, and drawings that are neither formulas nor the theme's icons.
PICTURES = """() => [
    [...document.querySelectorAll('article img')].map(
        i => [i.src.slice(0, 200), i.complete && i.naturalWidth > 0, i.alt || '']),
    [...document.querySelectorAll('article figure svg, article .cell_output svg')]
        .filter(s => !s.closest('mjx-container, summary, button'))
        .map(s => [s.getAttribute('aria-label') || '', s.getAttribute('role')]),
]"""


def _parsed(name):
    return BeautifulSoup((ROOT / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def test_the_table_of_contents_is_whole():
    assert {"book/index", "book/errata", "book/glossary", "book/api", "chapters/01_ngram/index"} <= set(PAGES)
    assert len(NOTEBOOKS) == len(list((ROOT / "chapters").glob("*/*.ipynb"))), "a notebook is missing in _toc.yml"


@every_page
def test_page_loads_alone_and_whole(visit, name):
    """One visit for all that needs no click: no error, no other origin, formulas typeset, pictures described."""
    page = visit.open(f"{name}.html")
    assert page.locator(".math mjx-container").count() == page.locator(".math").count()
    assert page.locator("mjx-merror").count() == 0
    images, pictures = page.evaluate(PICTURES)
    for source, loaded, alt in images:
        assert loaded, source
        assert alt.strip(), source
        assert not alt.startswith(("/", "..", "_")), f"{alt} is a file name, no description"
    for label, role in pictures:
        assert label.strip()
        assert role == "img"
    assert visit.problems == []


@every_page
def test_nothing_scrolls_sideways_on_a_narrow_screen(visit, name):
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open(f"{name}.html")
    width = page.evaluate("document.scrollingElement.scrollWidth")
    assert width <= 390, page.evaluate(
        """() => [...document.querySelectorAll('article *')]
             .filter(e => e.getBoundingClientRect().right > 391 && !e.closest('pre, .math, table, .cell_output'))
             .slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""
    )


@every_notebook
def test_every_slider_changes_its_picture_by_mouse_and_keyboard(visit, name):
    page = visit.open(f"{name}.html")
    figures = page.locator("figure.minillm-frames")
    assert figures.count() >= 1, "nothing to play with on this page"
    for figure in figures.all():
        slider, shown = figure.locator("input[type=range]"), figure.locator("[data-value]:visible")
        assert slider.get_attribute("aria-label")
        before = shown.get_attribute("data-value"), shown.inner_html()
        slider.focus()
        page.keyboard.press("End" if slider.input_value() == "0" else "Home")
        after = shown.get_attribute("data-value"), shown.inner_html()
        assert shown.count() == 1
        assert after[0] != before[0]
        assert after[1] != before[1]
        assert figure.locator("output").inner_text() == after[0] == slider.get_attribute("aria-valuetext")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        place = 0.98 if slider.input_value() == "0" else 0.02
        page.mouse.click(box["x"] + box["width"] * place, box["y"] + box["height"] / 2)
        assert shown.get_attribute("data-value") != after[0]


@every_notebook
def test_live_widgets_and_setup_are_left_out(name):
    page = _parsed(name)
    text = page.find("article").get_text()
    assert "viz.live(" not in text
    assert "on Colab the package is not there yet" not in text
    assert not page.select("script[type='application/vnd.jupyter.widget-state+json']")


@every_notebook
def test_launch_buttons_open_this_notebook(name):
    links = [link["href"] for link in _parsed(name).select(".dropdown-launch-buttons a")]
    assert any(link.startswith("https://colab.research.google.com/") and f"{name}.ipynb" in link for link in links)
    assert any("urlpath=lab/tree/" in link and f"{name}.ipynb" in link for link in links)


def test_search_finds_a_word_of_chapter_1(visit):
    page = visit.open("search.html?q=perplexity")
    page.wait_for_selector("#search-results li a")
    found = [link.get_attribute("href") for link in page.locator("#search-results li a").all()]
    assert any("01_ngram" in link for link in found)
    assert visit.problems == []


def test_the_theme_toggles_and_the_page_turns_dark(visit):
    page = visit.open("book/index.html")
    seen = {}
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        theme = page.evaluate("document.documentElement.dataset.theme")
        seen[theme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert set(seen) == {"light", "dark"}
    brightness = {theme: sum(map(int, color[4:-1].split(","))) for theme, color in seen.items()}
    assert brightness["dark"] < 150 < 600 < brightness["light"]
    assert visit.problems == []


@every_notebook
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_take_the_themes_ink(visit, name, theme):
    visit.page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    page = visit.open(f"{name}.html")
    ink = page.locator("article svg[role=img]").first.evaluate("svg => getComputedStyle(svg).color")
    level = sum(map(int, ink[ink.index("(") + 1 : -1].split(",")[:3]))
    assert level > 450 if theme == "dark" else level < 300, f"ink {ink} on the {theme} page"
