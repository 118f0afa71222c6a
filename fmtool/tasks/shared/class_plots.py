"""Figures of a classification report: confusion matrix, and curves of classes against the rest."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fmtool.class_names import shortened
from fmtool.drawing.figures import blank_figure
from fmtool.tasks.shared.class_curves import Curve

_MAX_CELLS_WITH_TEXT = 20


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
    if classes <= _MAX_CELLS_WITH_TEXT:
        size = float(np.clip(90 / classes, 6.5, 12))
        for (row, column), count in np.ndenumerate(counts):
            color = "white" if shares[row, column] > 0.6 else "black" if count else "#bbbbbb"
            axes.text(column, row, str(count), ha="center", va="center", color=color, size=size)
    return figure


def curves_figure(curves: Mapping[str, Curve], *, classes: int) -> Figure:
    """ROC on the left, precision over recall on the right, a line for each class.

    Args:
        classes: of how many those with `curves` are the worst.
    """
    figure = blank_figure(10.0, 4.6)
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":")
    for name, curve in curves.items():
        for axes, (x, y), area in (
            (left, curve.roc, curve.roc_auc),
            (right, curve.precision_recall, curve.pr_auc),
        ):
            axes.plot(x, y, label=f"{shortened(name)} {area:.3f}", linewidth=1.4)
    of_many = f", the {len(curves)} of {classes} lowest" if len(curves) < classes else ""
    left.set(xlabel="false positive rate", ylabel="true positive rate", title=f"ROC{of_many}")
    right.set(xlabel="recall", ylabel="precision", title="precision and recall", ylim=(0, 1.02))
    for axes in (left, right):
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        legend = axes.legend(frameon=False, fontsize=7)
        for text in legend.get_texts():
            text.set_parse_math(False)
    return figure


def _name_ticks(axes: Axes, class_names: Sequence[str], size: float) -> None:
    # Beyond 100 classes there is no room for every name.
    every = math.ceil(len(class_names) / 100)
    places = range(0, len(class_names), every)
    names = [shortened(class_names[place]) for place in places]
    axes.set_xticks(places, names, rotation=90 if len(names) > 4 else 0, size=size)
    axes.set_yticks(places, names, size=size)
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set_parse_math(False)
