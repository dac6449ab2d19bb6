"""A matplotlib figure as one self-contained piece of HTML: inline SVG with alternative text."""

import hashlib
import html
import io
import re
import warnings

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from minillm.errors import InvalidInput
from minillm.viz.theme import INK

# Browsers without DejaVu fall back to fonts of the same widths; Chinese labels take the reader's own font.
_FONTS = "'DejaVu Sans', Verdana, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"


def to_svg(fig: Figure, alt: str) -> str:
    """Turn a figure into inline SVG and close it.

    Ink becomes ``currentColor``, so that the same picture is readable in both themes, and ids are made unique by
    the picture's content, so that any number of them can stand on one page.

    Args:
        fig: The figure to draw.
        alt: What one sees in it, for a reader who cannot.

    Returns:
        An ``<svg role="img">`` element.

    Raises:
        InvalidInput: ``alt`` is empty.

    Example:
        >>> fig, ax = plt.subplots()
        >>> to_svg(fig, alt="An empty pair of axes.").startswith("<svg")
        True
    """
    if not alt.strip():
        raise InvalidInput("alt is empty: say in one sentence what the figure shows")
    svg = _unique_ids(_draw(fig).replace(INK, "currentColor"))
    described = f'<svg role="img" aria-label="{html.escape(alt, quote=True)}" style="max-width:100%;height:auto"'
    return svg.replace("<svg", described, 1)


def show(fig: Figure, alt: str) -> None:
    """Display a figure in a notebook, readable in both themes, with alternative text.

    Args:
        fig: The figure; it is closed afterwards.
        alt: What one sees in it, in a sentence.

    Raises:
        InvalidInput: ``alt`` is empty.

    Example:
        >>> fig, ax = plt.subplots()
        >>> show(fig, alt="An empty pair of axes.")  # doctest: +SKIP
    """
    picture = f'<figure style="margin:0">{to_svg(fig, alt)}</figure>'
    display({"text/html": picture, "text/plain": alt}, raw=True)


def _draw(fig: Figure) -> str:
    """Matplotlib's SVG without prolog, date and other metadata, which would differ from run to run."""
    buffer = io.StringIO()
    try:
        with plt.rc_context({"svg.hashsalt": "minillm"}), warnings.catch_warnings():
            # Text stays text: the reader's browser has the Chinese font that matplotlib misses.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            fig.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    finally:
        plt.close(fig)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return svg.replace("'DejaVu Sans'", _FONTS)


def _unique_ids(svg: str) -> str:
    """Drop ids that nothing refers to and prefix the others with a digest of the picture."""
    digest = hashlib.sha256(svg.encode()).hexdigest()[:10]
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg))

    def rename(match: re.Match[str]) -> str:
        return f' id="{digest}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r' id="([^"]+)"', rename, svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{digest}-\1)", svg)
    return re.sub(r'href="#([^"]+)"', rf'href="#{digest}-\1"', svg)
