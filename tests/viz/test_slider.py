"""What the slider's HTML holds; how it behaves in a browser is tested in tests/site."""

import re

import matplotlib.pyplot as plt
import pytest

from minillm import viz
from minillm.errors import InvalidInput
from minillm.viz import slider


def power(exponent):
    viz.style()
    fig, ax = plt.subplots()
    ax.plot([0, 1, 2], [x**exponent for x in (0, 1, 2)])
    return fig


def test_one_frame_a_value_and_only_the_first_is_seen():
    page = slider.frames_html(power, [1, 2.5, 3], "exponent", alt=lambda value: f"x to the power {value}")
    frames = re.findall(r'<div data-value="([^"]*)"( hidden)?>', page)
    assert frames == [("1", ""), ("2.5", " hidden"), ("3", " hidden")]
    assert [f"x to the power {value}" in page for value in (1, 2.5, 3)] == [True] * 3
    assert len(set(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))) == 3


def test_the_slider_is_labeled_and_starts_where_told():
    page = slider.frames_html(power, [1, 2, 3], 'size of "k"', alt="A power.", start=2)
    assert 'aria-label="size of &quot;k&quot;"' in page
    assert 'aria-valuetext="3"' in page
    assert 'max="2"' in page
    assert 'value="2"' in page


def test_nothing_is_fetched():
    page = slider.frames_html(power, [1, 2], "exponent", alt="A power.")
    addresses = set(re.findall(r"https?://[^\"' )]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # XML names, not addresses
    assert "<script" not in page
    assert " src=" not in page


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [([1], {}, "at least two"), ([1, 2], {"label": " "}, "label is empty"), ([1, 2], {"start": 2}, "start is 2")],
)
def test_bad_input_is_named(values, options, message):
    arguments = {"label": "exponent", "alt": "A power.", **options}
    with pytest.raises(InvalidInput, match=message):
        slider.frames_html(power, values, **arguments)


def test_frames_displays_once(displayed):
    viz.frames(power, [1, 2], "exponent", alt="A power.")
    (output,) = displayed
    assert output["text/html"].count("<svg") == 2
    assert output["text/plain"] == "slider over exponent: 1, 2"


@pytest.mark.parametrize(("choices", "first"), [((0.5, 2.0, 0.1), 0.5), ([3, 4], 3)])
def test_live_is_drawn_once_and_not_shown_while_the_site_is_built(monkeypatch, displayed, choices, first):
    monkeypatch.setenv(slider.STATIC_SITE, "1")
    drawn = []
    viz.live(lambda value: drawn.append(value) or power(value), choices, "exponent", alt="A power.")
    assert drawn == [first]
    assert displayed == []


def test_live_shows_a_widget_that_draws(monkeypatch, displayed):
    monkeypatch.delenv(slider.STATIC_SITE, raising=False)
    made = []
    monkeypatch.setattr("ipywidgets.interact", lambda function, value: made.append((function, value)))
    viz.live(power, (1.0, 3.0, 0.5), "exponent", alt="A power.")
    ((redraw, widget),) = made
    assert (widget.min, widget.max, widget.step, widget.description) == (1.0, 3.0, 0.5, "exponent")
    redraw(2.0)
    assert "<svg" in displayed[0]["text/html"]
