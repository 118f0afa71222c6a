"""The plot that every training has: curves of its metrics and its learning rate."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmtool.drawing.figures import BEST_COLOR, COLOR, GRAY, blank_figure, plain
from fmtool.logging.rows import metrics_of
from fmtool.logging.sink import Row


def curves_figure(rows: Sequence[Row], *, best_epoch: int | None = None) -> Figure:
    """One panel per metric, training and validation together, and one for the learning rate.

    Args:
        rows: those of metrics.jsonl; only epoch rows are drawn, a null leaves a gap.
        best_epoch: it is marked.
    """
    epochs = [row for row in rows if row["kind"] == "epoch"]
    names = dict.fromkeys(name.removeprefix("val_") for row in epochs for name in metrics_of(row))
    figure, panels = _panels(len(names) + 1)
    for panel, name in zip(panels, names, strict=False):
        _curve(panel, epochs, name, COLOR, "training")
        _curve(panel, epochs, f"val_{name}", BEST_COLOR, "validation")
        panel.set_title(name.replace("_", " "))
        if panel.lines:
            _mark(panel, best_epoch)
            panel.legend(frameon=False)
    _learning_rate(panels[-1], epochs)
    return figure


def _mark(panel: Axes, best_epoch: int | None) -> None:
    if best_epoch is not None:
        label = f"best epoch, {best_epoch}"
        panel.axvline(best_epoch, color=GRAY, linewidth=1.0, linestyle=":", label=label, zorder=0)


def _learning_rate(panel: Axes, epochs: Sequence[Row]) -> None:
    """From 0 on; one that is constant is a line in the middle with its value."""
    _curve(panel, epochs, "learning_rate", GRAY, "learning rate")
    rates = {row["learning_rate"] for row in epochs if row.get("learning_rate") is not None}
    panel.set_title("learning rate")
    if not rates:
        return
    highest = max(rates)
    panel.set_ylim(0, highest * (2 if len(rates) == 1 else 1.05) or 1)
    if len(rates) == 1:
        panel.set_title("learning rate, constant")
        panel.set_yticks([0, highest], ["0", f"{highest:g}"])
    else:
        panel.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, 3)
    lines = math.ceil(count / columns)
    figure = blank_figure(4.2 * columns, 3.2 * lines)
    panels = [figure.add_subplot(lines, columns, place + 1) for place in range(count)]
    for panel in panels:
        plain(panel)
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
