import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pytest

from minillm import viz
from minillm.errors import InvalidInput


def figure(label="count"):
    viz.style()
    fig, ax = plt.subplots()
    ax.plot([1, 2, 3], [2, 4, 8], marker="o", label=label)
    ax.legend()
    return fig


def test_svg_is_well_formed_and_described():
    svg = viz.to_svg(figure(), alt='A line through 2, 4 & 8 "doubling".')
    element = ET.fromstring(svg)
    assert element.get("role") == "img"
    assert element.get("aria-label") == 'A line through 2, 4 & 8 "doubling".'


@pytest.mark.parametrize("alt", ["", "   "])
def test_a_figure_without_words_is_refused(alt):
    with pytest.raises(InvalidInput, match="alt is empty"):
        viz.to_svg(figure(), alt=alt)


def test_figure_is_closed_so_that_it_is_not_shown_twice():
    fig = figure()
    viz.to_svg(fig, alt="A line.")
    assert not plt.fignum_exists(fig.number)


def test_same_figure_gives_the_same_bytes():
    assert viz.to_svg(figure(), alt="A line.") == viz.to_svg(figure(), alt="A line.")


def test_ids_of_two_pictures_do_not_meet_and_references_resolve():
    first, second = (viz.to_svg(figure(label), alt="A line.") for label in ("one", "two"))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert ids[0].isdisjoint(ids[1])
    for svg, known in zip((first, second), ids, strict=True):
        used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))
        assert used == known


def test_text_stays_text_and_chinese_needs_no_font_here(recwarn):
    svg = viz.to_svg(figure("困惑度"), alt="A line.")
    assert "困惑度" in svg
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_show_displays_html_and_plain_text(displayed):
    viz.show(figure(), alt="A line.")
    (output,) = displayed
    assert output["text/plain"] == "A line."
    assert "<svg" in output["text/html"]
