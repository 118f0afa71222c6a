"""Figures of matplotlib without its global state: how a blank one is made, and where it goes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray
from PIL import Image

from fmtool.runs.atomic import write_with

DPI = 120
"""Pixels in an inch of a figure."""
COLOR, BEST_COLOR, GRAY = "#1f6fb4", "#e07b1a", "#555555"
"""Colours of values, of the best of them, and of notes beside them."""


def blank_figure(width: float, height: float) -> Figure:
    """In inches; laid out when it is drawn."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes, *, grid: Literal["both", "x", "y"] = "both") -> None:
    """The look of all our plots: a light grid behind, no frame at the top and on the right."""
    axes.grid(axis=grid, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save_png(figure: Figure | NDArray[np.uint8], path: Path) -> None:
    """All of the picture or none of it. Raises WriteFailed or CannotCreate.

    Args:
        figure: or its pixels, where they are there already: to draw one takes longer than all else.
    """
    pixels = figure_to_array(figure) if isinstance(figure, Figure) else figure
    picture = Image.fromarray(pixels)
    write_with(path, lambda draft: picture.save(draft, format="png", dpi=(DPI, DPI)))


def text_width(text: str, size: float) -> float:
    """The width of one line of text, in inches.

    Args:
        size: of the font, in points.
    """
    canvas: Any = FigureCanvasAgg(Figure(dpi=DPI))
    font = FontProperties(size=size)
    with _missing_glyphs_unsaid():
        width, _, _ = canvas.get_renderer().get_text_width_height_descent(text, font, False)
    return float(width) / DPI


@contextmanager
def _missing_glyphs_unsaid() -> Iterator[None]:
    """A name in a script that the font lacks is boxes in the picture: one warning a letter says no
    more."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def figure_to_array(figure: Figure) -> NDArray[np.uint8]:
    """The pixels (height, width, 3) of a figure, which is laid out and drawn once."""
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib does not type these two methods
    with _missing_glyphs_unsaid():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
