"""The colors hold on both themes' pages, and for readers who confuse red and green."""

import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from minillm import viz

PAGES = {"light": "#ffffff", "dark": "#121212", "JupyterLab dark": "#111111"}
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
CONFUSIONS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def linear(color):
    rgb = np.array(matplotlib.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    high, low = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("color", viz.CYCLE)
def test_every_color_stands_out_from_the_page(color, page):
    assert contrast(color, PAGES[page]) >= 3


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    x, y, z = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("confusion", CONFUSIONS)
def test_first_colors_stay_apart_for_every_reader(confusion):
    seen = [lab(CONFUSIONS[confusion] @ linear(color)) for color in viz.CYCLE[:4]]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 10, f"two of the first four colors are {nearest:.1f} apart"


def test_no_two_lines_of_the_cycle_differ_by_color_alone():
    viz.style()
    styles = [(entry["color"], str(entry["linestyle"])) for entry in plt.rcParams["axes.prop_cycle"]]
    assert len(styles) == len({color for color, _ in styles}) == len({line for _, line in styles}) == 7


def test_text_and_axes_take_the_pages_color():
    viz.style()
    fig, ax = plt.subplots()
    ax.set(title="title", xlabel="x", ylabel="y")
    svg = viz.to_svg(fig, alt="Empty axes.")
    assert "#000000" not in svg
    assert "black" not in svg
    assert svg.count("currentColor") > 10
