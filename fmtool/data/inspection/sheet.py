"""Draws samples of each class on one sheet, as a PNG."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fmtool.runs.atomic import write_with

_DPI = 100
_CELL = 1.3
"""Inches."""
_COLUMNS = 4
"""Samples of a class."""
_MOST_CLASSES = 40
_LONGEST_NAME = 24


def draw_sheet(
    pictures_of: Callable[[str], Sequence[NDArray[np.uint8]]],
    class_names: Sequence[str],
    path: Path,
) -> None:
    """A row of each class, up to 40 of them, in one column or two. CannotCreate or WriteFailed.

    Args:
        class_names: classes that have samples, at least one.
    """
    shown = class_names[:_MOST_CLASSES]
    banks = 1 if len(shown) <= _MOST_CLASSES // 4 else 2
    lines = -(-len(shown) // banks)
    size = (banks * (_COLUMNS + 0.3) * _CELL, lines * (_CELL + 0.2) + 0.4)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    if len(shown) < len(class_names):
        figure.suptitle(f"{len(shown)} of {len(class_names)} classes")
    for number, name in enumerate(shown):
        bank, line = divmod(number, lines)
        for place, pixels in enumerate(pictures_of(name)):
            cell = line * banks * _COLUMNS + bank * _COLUMNS + place + 1
            axes = figure.add_subplot(lines, banks * _COLUMNS, cell)
            gray = pixels.shape[-1] != 3
            axes.imshow(pixels[..., 0] if gray else pixels, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
            if place == 0:
                axes.set_title(_short(name), size=9, loc="left", parse_math=False)
    with warnings.catch_warnings():
        # A script that the font lacks is drawn as boxes; the table on stdout has the name.
        warnings.filterwarnings("ignore", message="Glyph")
        write_with(path, lambda draft: figure.savefig(draft, format="png"))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
