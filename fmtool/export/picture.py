"""Exported files by how fast, how large and how good they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fmtool.evaluation.plots import save_png

_MARKERS = {"none": "o", "float16": "s", "dynamic": "^", "int8": "D"}


def save(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A PNG with the accuracy against the median latency of one sample, and against the size.

    Args:
        rows: of export.json; a file that reads several samples at once is in the right panel alone.
    """
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    timed = [row for row in rows if "1" in row["latency_ms"]]
    _scatter(left, timed, [row["latency_ms"]["1"]["p50"] for row in timed])
    left.set_xlabel("milliseconds for one sample, median")
    _scatter(right, rows, [row["size_bytes"] / 1e6 for row in rows])
    right.set_xlabel("MB")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_ylabel("accuracy")
        axes.grid(alpha=0.3)
    save_png(figure, path)


def _scatter(axes: Axes, rows: Sequence[Mapping[str, Any]], values: Sequence[float]) -> None:
    colors = {name: f"C{number}" for number, name in enumerate(dict.fromkeys(map(_format, rows)))}
    for row, value in zip(rows, values, strict=True):
        point = value, row["score"]["accuracy"]
        marker = _MARKERS[row["quantization"]]
        axes.plot(*point, marker=marker, color=colors[_format(row)], linestyle="")
        axes.annotate(row["name"], point, xytext=(4, 4), textcoords="offset points", fontsize=7)


def _format(row: Mapping[str, Any]) -> str:
    return str(row["format"])
