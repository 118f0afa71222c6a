"""Plots that every task has: curves of a training, and sheets of samples."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmtool.drawing import blank_figure
from fmtool.logging.rows import metrics_of
from fmtool.logging.sink import Row
from fmtool.tasks.shared.reporting import Sheet

_TRAIN_COLOR = "#1f6fb4"
_VALIDATION_COLOR = "#e07b1a"
_GRAY = "#666666"


def curves_figure(rows: Sequence[Row]) -> Figure:
    """One panel per metric, training and validation together, and one for the learning rate.

    Args:
        rows: those of metrics.jsonl; only epoch rows are drawn, a null leaves a gap.
    """
    epochs = [row for row in rows if row["kind"] == "epoch"]
    names = dict.fromkeys(name.removeprefix("val_") for row in epochs for name in metrics_of(row))
    figure, panels = _panels(len(names) + 1)
    for panel, name in zip(panels, names, strict=False):
        _curve(panel, epochs, name, _TRAIN_COLOR, "training")
        _curve(panel, epochs, f"val_{name}", _VALIDATION_COLOR, "validation")
        panel.set_title(name.replace("_", " "))
        if panel.lines:
            panel.legend(frameon=False)
    _curve(panels[-1], epochs, "learning_rate", _GRAY, "learning rate")
    panels[-1].set_title("learning rate")
    panels[-1].ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    return figure


def sheet_figure(sheet: Sheet, images: Any, pixel_max: int) -> Figure:
    """The images of a sheet with their captions, side by side.

    Args:
        images: (n, height, width, channels); without 3 channels the first is drawn in gray.
    """
    columns = int(np.clip(len(sheet.rows), 4, 8))
    lines = max(1, math.ceil(len(sheet.rows) / columns))
    figure = blank_figure(columns * 1.35, lines * 1.85 + 0.5)
    figure.suptitle(sheet.title, parse_math=False)
    for place, (row, caption) in enumerate(zip(sheet.rows, sheet.captions, strict=True), start=1):
        axes = figure.add_subplot(lines, columns, place)
        pixels = images[row] / pixel_max
        is_color = pixels.shape[-1] == 3
        axes.imshow(pixels if is_color else pixels[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.set_axis_off()
        axes.set_title(caption, size=7.5, parse_math=False)
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, 3)
    lines = math.ceil(count / columns)
    figure = blank_figure(4.2 * columns, 3.2 * lines)
    panels = [figure.add_subplot(lines, columns, place + 1) for place in range(count)]
    for panel in panels:
        panel.grid(color="#dddddd", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, panels


def _curve(panel: Axes, epochs: Sequence[Row], key: str, color: str, label: str) -> None:
    values = [math.nan if row.get(key) is None else row[key] for row in epochs]
    if np.isnan(values).all():
        return
    # A marker shows a lone epoch, which has no line.
    marker = "o" if len(epochs) <= 20 else ""
    x = [row["epoch"] for row in epochs]
    panel.plot(x, values, color=color, label=label, marker=marker, markersize=3, linewidth=1.6)
