"""Sliders: one with no kernel behind it, for the rendered page, and a live one, for JupyterLab and Colab."""

import html
import os
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from minillm.errors import InvalidInput
from minillm.viz.figure import show, to_svg

STATIC_SITE = "MINILLM_STATIC_SITE"
"""Environment variable that is set while the site is built, where no widget can live."""

# The whole of the script: hide every frame but the chosen one, and say its value to eye and ear.
_ON_INPUT = (
    "const frames = this.closest('figure').querySelectorAll('[data-value]');"
    "frames.forEach((frame, i) => { frame.hidden = i != this.value; });"
    "const value = frames[this.value].dataset.value;"
    "this.setAttribute('aria-valuetext', value);"
    "this.closest('figure').querySelector('output').textContent = value;"
)


def frames(
    draw: Callable[[Any], Figure],
    values: Sequence[Any],
    label: str,
    *,
    alt: str | Callable[[Any], str],
    start: int = 0,
) -> None:
    """Draw one figure a value and show them behind a slider that needs no kernel and no network.

    The output is self-contained HTML: it behaves alike on the rendered site, in JupyterLab and in Colab, by mouse,
    by touch and by keyboard.

    Args:
        draw: Makes the figure of one value.
        values: What the slider runs through, in order; at least two. Twenty is a good upper limit.
        label: Name of the quantity, with its unit where it has one.
        alt: What one sees, in a sentence: the same for all figures, or a function of the value.
        start: Index of the value shown first.

    Raises:
        InvalidInput: Fewer than two values, an empty label or alternative text, or ``start`` out of range.

    Example:
        >>> frames(plot_power, [1, 2, 3], "exponent", alt="A power of x.")  # doctest: +SKIP
    """
    page = frames_html(draw, values, label, alt=alt, start=start)
    display({"text/html": page, "text/plain": f"slider over {label}: {', '.join(map(_text, values))}"}, raw=True)


def frames_html(
    draw: Callable[[Any], Figure],
    values: Sequence[Any],
    label: str,
    *,
    alt: str | Callable[[Any], str],
    start: int = 0,
) -> str:
    """The HTML that ``frames`` displays; arguments and errors are the same."""
    if len(values) < 2:
        raise InvalidInput(f"a slider needs at least two values, got {len(values)}: use viz.show for a single figure")
    if not label.strip():
        raise InvalidInput("label is empty: name the quantity that the slider changes")
    if not 0 <= start < len(values):
        raise InvalidInput(f"start is {start}: give an index from 0 to {len(values) - 1}")
    parts = []
    for i, value in enumerate(values):
        hidden = "" if i == start else " hidden"
        svg = to_svg(draw(value), alt if isinstance(alt, str) else alt(value))
        parts.append(f'<div data-value="{html.escape(_text(value), quote=True)}"{hidden}>{svg}</div>')
    name, shown = html.escape(label, quote=True), html.escape(_text(values[start]), quote=True)
    return (
        '<figure class="minillm-frames" style="margin:0">'
        '<label style="display:flex;flex-wrap:wrap;gap:.4em 1em;align-items:center">'
        f"<span>{name}: <output>{shown}</output></span>"
        f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{start}" autocomplete="off" '
        f'aria-label="{name}" aria-valuetext="{shown}" style="flex:1 1 12em;min-width:0" oninput="{_ON_INPUT}">'
        f"</label>{''.join(parts)}</figure>"
    )


def live(draw: Callable[[Any], Figure], slider: Any, label: str = "value", *, alt: str) -> None:
    """Redraw a figure as an ipywidgets slider moves: the live companion of ``frames``, for a running kernel.

    While the site is built there is no kernel to answer, so the figure is drawn once, which proves that the cell
    still runs, and nothing is shown.

    Args:
        draw: Makes the figure of one value.
        slider: What ``ipywidgets.interact`` takes: a pair or triple ``(low, high, step)``, a list, or a widget.
        label: Name of the quantity beside the slider.
        alt: What one sees, in a sentence.

    Example:
        >>> live(plot_power, (1.0, 3.0, 0.1), "exponent", alt="A power of x.")  # doctest: +SKIP
    """
    if os.environ.get(STATIC_SITE):
        to_svg(draw(_first(slider)), alt)
        return
    widget = ipywidgets.interactive.widget_from_abbrev(slider)
    widget.description = label
    ipywidgets.interact(lambda value: show(draw(value), alt=alt), value=widget)


def _first(slider: Any) -> Any:
    """The first value that a slider can take."""
    return slider.value if isinstance(slider, ipywidgets.Widget) else slider[0]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
