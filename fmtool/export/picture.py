"""Exported files by how fast, how large and how good they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fmtool.drawing.figures import save_png
from fmtool.export import report

_MARKERS = {"none": "o", "float16": "s", "dynamic": "^", "int8": "D"}
_GRAY = "#666666"


def save(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A PNG with the score against the median latency of one sample, and against the size.

    Args:
        rows: of export.json; a file that reads several samples at once is in the right panel alone.
    """
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    formats = dict.fromkeys(row["format"] for row in rows)
    colors = {name: f"C{number}" for number, name in enumerate(formats)}
    for row in rows:
        style = {"marker": _MARKERS[row["quantization"]], "color": colors[row["format"]]}
        _dot(right, row["size_bytes"] / 1e6, row, style)
        if "1" in row["latency_ms"]:
            _dot(left, row["latency_ms"]["1"]["p50"], row, style)
    left.set_xlabel("milliseconds for one sample, median")
    left.set_ylabel(report.headline(rows[0]).replace("_", " "))
    right.set_xlabel("MB")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.grid(alpha=0.3)
    quantizations = dict.fromkeys(row["quantization"] for row in rows)
    keys = [_key(name, "o", color) for name, color in colors.items()]
    keys += [_key(name, _MARKERS[name], _GRAY) for name in quantizations]
    figure.legend(handles=keys, loc="outside right center", frameon=False)
    save_png(figure, path)


def _dot(axes: Axes, x: float, row: Mapping[str, Any], style: Mapping[str, Any]) -> None:
    axes.plot(x, row["score"][report.headline(row)], linestyle="", alpha=0.8, **style)


def _key(label: str, marker: str, color: str) -> Line2D:
    label = "no quantization" if label == "none" else label
    return Line2D([], [], linestyle="", marker=marker, color=color, label=label)
