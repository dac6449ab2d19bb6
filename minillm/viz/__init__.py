"""Figures that read well in the light and the dark theme, and sliders that work on a page with no kernel."""

from minillm.viz.figure import show, to_svg
from minillm.viz.slider import frames, live
from minillm.viz.source import show_source
from minillm.viz.tables import table
from minillm.viz.theme import CYCLE, DIVERGING, INK, SEQUENTIAL, style

__all__ = [
    "CYCLE",
    "DIVERGING",
    "INK",
    "SEQUENTIAL",
    "frames",
    "live",
    "show",
    "show_source",
    "style",
    "table",
    "to_svg",
]
