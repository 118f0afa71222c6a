"""The pictures of a run: curves, confusion matrix and the most confident mistakes."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fmtool.data.samples.images import Images
from fmtool.logging.rows import metrics_of
from fmtool.logging.sink import Row
from fmtool.runs.atomic import write_with

_TRAIN_COLOR = "#1f6fb4"
_VALIDATION_COLOR = "#e07b1a"
_GRAY = "#666666"
_DPI = 120
_MOST_CELLS_WITH_TEXT = 20
_MOST_SAMPLES = 32
_LONGEST_NAME = 14


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


def confusion_figure(matrix: Sequence[Sequence[int]], class_names: Sequence[str]) -> Figure:
    """Colour is the share of a true class; the counts are written out up to 20 classes.

    Args:
        matrix: rows are true classes, columns predicted ones.
    """
    counts = np.asarray(matrix, dtype=np.int64)
    support = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(support, 1)
    classes = len(class_names)
    side = float(np.clip(2.5 + 0.55 * classes, 4.5, 12))
    figure = blank_figure(side + 0.8, side)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the true class", fraction=0.046, pad=0.03)
    _name_ticks(axes, class_names, size=float(np.clip(260 / classes, 5, 10)))
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    accuracy = counts.trace() / max(1, counts.sum())
    axes.set_title(f"{counts.trace()} of {counts.sum()} right ({accuracy:.1%})")
    if classes <= _MOST_CELLS_WITH_TEXT:
        size = float(np.clip(90 / classes, 6.5, 12))
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if shares[row, column] > 0.6 else "black" if count else "#bbbbbb"
            axes.text(column, row, str(count), ha="center", va="center", color=color, size=size)
    return figure


def samples_figure(
    images: Images,
    true: NDArray[np.integer[Any]],
    predicted: NDArray[np.integer[Any]],
    class_names: Sequence[str],
    confidences: NDArray[np.floating[Any]],
    pixel_max: int,
) -> Figure:
    """The misclassified samples, the most confident mistake first, 32 at the most.

    Args:
        images: (n, height, width, channels); without 3 channels the first is drawn in gray.
        true: (n,), as are `predicted` and `confidences`, the probability of the predicted class.
    """
    mistakes = np.flatnonzero(true != predicted)
    chosen = mistakes[np.argsort(-confidences[mistakes], kind="stable")][:_MOST_SAMPLES]
    columns = int(np.clip(len(chosen), 4, 8))
    lines = max(1, math.ceil(len(chosen) / columns))
    figure = blank_figure(columns * 1.35, lines * 1.85 + 0.5)
    figure.suptitle(f"{len(mistakes)} mistakes in {len(true)} samples, the most confident first")
    for place, index in enumerate(chosen, start=1):
        axes = figure.add_subplot(lines, columns, place)
        pixels = images[index] / pixel_max
        is_color = pixels.shape[-1] == 3
        axes.imshow(pixels if is_color else pixels[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.set_axis_off()
        names = (_short(class_names[label[index]]) for label in (true, predicted))
        caption = "\nseen as ".join(names) + f"\n{confidences[index]:.0%}"
        axes.set_title(caption, size=7.5, parse_math=False)
    return figure


def save_png(figure: Figure, path: Path) -> None:
    """All of the picture or none of it. Raises WriteFailed or CannotCreate."""
    write_with(path, lambda draft: figure.savefig(draft, format="png"))


def figure_to_array(figure: Figure) -> NDArray[np.uint8]:
    """(height, width, 3)."""
    canvas: Any = FigureCanvasAgg(figure)  # matplotlib does not type these two methods
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def blank_figure(width: float, height: float) -> Figure:
    """In inches; laid out when it is drawn."""
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
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


def _name_ticks(axes: Axes, class_names: Sequence[str], size: float) -> None:
    # Beyond 100 classes there is no room for every name.
    every = math.ceil(len(class_names) / 100)
    places = range(0, len(class_names), every)
    names = [_short(class_names[place]) for place in places]
    axes.set_xticks(places, names, rotation=90 if len(names) > 4 else 0, size=size)
    axes.set_yticks(places, names, size=size)
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set_parse_math(False)


def _short(name: str) -> str:
    """Cut in the middle: numbered names differ at their end."""
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[1 - half :]}"
