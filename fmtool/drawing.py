"""Figures of matplotlib without its global state: how a blank one is made, and where it goes."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fmtool.runs.atomic import write_with

_DPI = 120


def blank_figure(width: float, height: float) -> Figure:
    """In inches; laid out when it is drawn."""
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, path: Path) -> None:
    """All of the picture or none of it. Raises WriteFailed or CannotCreate."""
    write_with(path, lambda draft: figure.savefig(draft, format="png"))


def figure_to_array(figure: Figure) -> NDArray[np.uint8]:
    """(height, width, 3)."""
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib does not type these two methods
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
