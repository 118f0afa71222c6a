"""Figures of predicted numbers: against true ones, and how far off they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fmtool.class_names import shortened
from fmtool.drawing.figures import blank_figure

_MAX_PANELS = 6
_COLOR = "#1f77b4"

_Floats = NDArray[np.float64]


def predicted_figure(true: _Floats, predicted: _Floats, names: Sequence[str]) -> Figure:
    """A panel for each number, with the line on which predictions are right.

    Args:
        true: (n, k) as `predicted`; of more than six numbers the first ones are drawn.
    """
    figure, panels = _panels(names)
    for place, axes in panels:
        both = np.concatenate([true[:, place], predicted[:, place]])
        ends = [both.min(), both.max()]
        axes.plot(ends, ends, color="#999999", linewidth=0.8, linestyle=":")
        axes.scatter(true[:, place], predicted[:, place], s=8, alpha=0.5, color=_COLOR, linewidth=0)
        axes.set(xlabel="true", ylabel="predicted")
    return figure


def residuals_figure(true: _Floats, predicted: _Floats, names: Sequence[str]) -> Figure:
    """A panel for each number: predicted less true, over what is predicted."""
    figure, panels = _panels(names)
    for place, axes in panels:
        gaps = predicted[:, place] - true[:, place]
        axes.axhline(0, color="#999999", linewidth=0.8, linestyle=":")
        axes.scatter(predicted[:, place], gaps, s=8, alpha=0.5, color=_COLOR, linewidth=0)
        axes.set(xlabel="predicted", ylabel="predicted - true")
    return figure


def _panels(names: Sequence[str]) -> tuple[Figure, Sequence[tuple[int, Axes]]]:
    count = min(len(names), _MAX_PANELS)
    columns = min(count, 3)
    rows = -(-count // columns)
    figure = blank_figure(4.6 * columns + 0.4, 4.2 * rows)
    found: list[Any] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes in found[count:]:
        axes.set_axis_off()
    for name, axes in zip(names, found, strict=False):
        axes.set_title(shortened(name), parse_math=False)
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, list(enumerate(found[:count]))
