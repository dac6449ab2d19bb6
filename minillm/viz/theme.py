"""The one figure style: ink that takes the page's own text color, and hues that hold on white and on near-black."""

import matplotlib
from cycler import cycler

INK = "#010203"
"""Stand-in for the page's text color: ``to_svg`` writes it as ``currentColor``, so that the theme decides."""

CYCLE = ("#1f78c8", "#cf5f0a", "#0f9673", "#c2559b", "#7f6bd0", "#9a7312", "#7b7f86")
"""Line colors ``C0`` to ``C6``. Each has a contrast of at least 3 with white and with the dark page."""

LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 2)))
"""Line styles, in step with the colors, so that no reading hangs on color alone."""

SEQUENTIAL = "viridis"
"""Color map for amounts."""

DIVERGING = "PuOr"
"""Color map for amounts with a sign, to be centered on zero."""


def style() -> None:
    """Set matplotlib's defaults for every figure that follows.

    Call it once, at the top of a notebook. Figures are transparent; text, axes and ticks are drawn in ``INK``.

    Example:
        >>> style()
    """
    matplotlib.rcParams.update(
        {
            "axes.edgecolor": INK,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.labelcolor": INK,
            "axes.prop_cycle": cycler(color=CYCLE) + cycler(linestyle=LINES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": INK,
            "axes.titlesize": 12,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "figure.figsize": (5.8, 3.3),
            "font.family": ["DejaVu Sans"],
            "font.size": 11,
            "grid.alpha": 0.15,
            "grid.color": INK,
            "image.cmap": SEQUENTIAL,
            "legend.frameon": False,
            "lines.linewidth": 2,
            "patch.edgecolor": INK,
            "savefig.facecolor": "none",
            "svg.fonttype": "none",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )
