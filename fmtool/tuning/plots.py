"""Plots of a study: what its trials came to, how, when, and by which dimensions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fmtool.drawing.figures import BEST_COLOR, COLOR, GRAY, blank_figure, plain
from fmtool.metric import Metric, show

_PALE = "#bbbbbb"
_PANEL = 3.8
_MAX_COLUMNS = 3
_COMPLETED = "completed"
_STATUS_COLORS = {_COMPLETED: COLOR, "pruned": _PALE, "running": "#3aa655"}
_FAILED_COLOR = "#b23b3b"


@dataclass(frozen=True)
class Drawn:
    """A trial as it is drawn.

    Args:
        values: of the objectives, by metric; none where it is not complete or breaks a constraint.
        settings: by dimension, those that it has.
        course: epochs and what was seen there.
        spans: begin and end of each attempt; None for one that is at work.
    """

    number: int
    status: str
    values: Mapping[str, float]
    settings: Mapping[str, float | int | str]
    course: Sequence[tuple[int, float]] = ()
    spans: Sequence[tuple[datetime, datetime | None]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Scale:
    """A dimension and how it is drawn."""

    name: str
    is_logarithmic: bool
    choices: Sequence[str] | None
    """Names of a list in their order; None for numbers."""

    def place(self, value: float | int | str) -> float:
        return float(value) if self.choices is None else self.choices.index(str(value))

    def prepare(self, axes: Axes, *, is_x: bool = True) -> None:
        """Names the axis and its marks."""
        axis = axes.xaxis if is_x else axes.yaxis
        axis.set_label_text(self.name)
        if self.is_logarithmic:
            axes.set_xscale("log") if is_x else axes.set_yscale("log")
        if self.choices is not None:
            axis.set_ticks(range(len(self.choices)), labels=list(self.choices))
            (axes.set_xlim if is_x else axes.set_ylim)(-0.5, len(self.choices) - 0.5)


def history_figure(trials: Sequence[Drawn], metric: Metric) -> Figure:
    """The value of each complete trial, and the best so far as a line."""
    figure = blank_figure(8.0, 4.4)
    axes = figure.add_subplot()
    found = [(each.number, each.values[metric.name]) for each in trials if each.values]
    best = _best(trials, metric)
    axes.plot(*zip(*found, strict=True), "o", color=COLOR, markersize=4, label="trial")
    course, so_far = [], None
    for number, value in found:
        so_far = value if so_far is None or metric.is_better(value, so_far) else so_far
        course.append((number, so_far))
    axes.step(*zip(*course, strict=True), where="post", color=GRAY, linewidth=1.2, label="best")
    axes.plot(
        best.number, best.values[metric.name], "o", color=BEST_COLOR, markersize=7,
        label=f"trial {best.number}: {show(best.values[metric.name])}",
    )  # fmt: skip
    axes.set(xlabel="trial", ylabel=metric.name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    plain(axes)
    return figure


def slice_figure(trials: Sequence[Drawn], metric: Metric, scales: Sequence[Scale]) -> Figure:
    """A panel for each dimension: values over it, the best trial marked, later ones darker."""
    figure, panels = _panels(len(scales))
    best, last = _best(trials, metric), max(1, *(each.number for each in trials))
    for axes, scale in zip(panels, scales, strict=True):
        scale.prepare(axes)
        found = [each for each in trials if each.values and scale.name in each.settings]
        axes.scatter(
            [scale.place(each.settings[scale.name]) for each in found],
            [each.values[metric.name] for each in found],
            c=[colormaps["Blues"](0.35 + 0.65 * each.number / last) for each in found],
            s=22,
        )
        if scale.name in best.settings:
            place = scale.place(best.settings[scale.name])
            axes.plot(place, best.values[metric.name], "o", color=BEST_COLOR, markersize=7)
        axes.set_ylabel(metric.name)
        plain(axes)
    figure.suptitle("the darker, the later; the best trial in orange", size=10)
    return figure


def courses_figure(trials: Sequence[Drawn], metric: Metric) -> Figure:
    """A line over the epochs of each trial: the best in orange, those given up in grey."""
    figure = blank_figure(8.0, 4.4)
    axes = figure.add_subplot()
    best = _best(trials, metric)
    # A loss of the first epochs may be far off all the others.
    for each in sorted(trials, key=lambda each: (each is best, bool(each.values))):
        color = BEST_COLOR if each is best else COLOR if each.values else _PALE
        label = f"trial {best.number}, the best" if each is best else None
        if each.course:
            axes.plot(
                *zip(*each.course, strict=True), color=color, label=label, marker="o",
                markersize=3, linewidth=2.2 if each is best else 1.0,
            )  # fmt: skip
    axes.plot([], [], color=COLOR, label="complete")
    axes.plot([], [], color=_PALE, label="given up")
    axes.set(xlabel="epoch", ylabel=metric.name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    plain(axes)
    return figure


def importance_figure(shares: Mapping[str, float], metric: Metric) -> Figure:
    """The share of the variance that each dimension explains, the largest first."""
    figure = blank_figure(8.0, 1.2 + 0.42 * len(shares))
    axes = figure.add_subplot()
    places = range(len(shares))
    bars = axes.barh(places, list(shares.values()), color=COLOR, height=0.65)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares.values()], padding=4, color=GRAY)
    axes.set_yticks(places, list(shares))
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set_xlabel(f"share of the variance of {metric.name} (fANOVA)")
    plain(axes, grid="x")
    return figure


def pairs_figure(trials: Sequence[Drawn], metric: Metric, scales: Sequence[Scale]) -> Figure:
    """A panel for each pair of dimensions, with a point for each complete trial."""
    pairs = [(x, y) for place, x in enumerate(scales) for y in scales[place + 1 :]]
    figure, panels = _panels(len(pairs))
    ranked = sorted(
        (each for each in trials if each.values),
        key=lambda each: metric.loss_of(each.values[metric.name]),
        reverse=True,
    )
    for axes, (x, y) in zip(panels, pairs, strict=True):
        x.prepare(axes)
        y.prepare(axes, is_x=False)
        for rank, each in enumerate(ranked):
            if x.name in each.settings and y.name in each.settings:
                goodness = rank / max(1, len(ranked) - 1)
                axes.plot(
                    x.place(each.settings[x.name]), y.place(each.settings[y.name]), "o",
                    color=colormaps["viridis"](0.92 * goodness), markersize=4 + 4 * goodness,
                )  # fmt: skip
        plain(axes)
    figure.suptitle(f"the brighter and larger, the better {metric.name}", size=10)
    return figure


def pareto_figure(
    trials: Sequence[Drawn], front: Sequence[int], metrics: Sequence[Metric]
) -> Figure:
    """A panel for each pair of objectives; in orange the trials that no other is better than.

    Args:
        front: their numbers.
    """
    pairs = [(x, y) for place, x in enumerate(metrics) for y in metrics[place + 1 :]]
    figure, panels = _panels(len(pairs))
    for axes, (x, y) in zip(panels, pairs, strict=True):
        for each in (each for each in trials if each.values):
            is_best = each.number in front
            color, size = (BEST_COLOR, 7) if is_best else (COLOR, 4)
            place = each.values[x.name], each.values[y.name]
            axes.plot(*place, "o", color=color, markersize=size)
            if is_best:
                axes.annotate(
                    str(each.number), place, xytext=(5, 4), textcoords="offset points", size=8
                )
        axes.set(xlabel=_aimed(x), ylabel=_aimed(y))
        plain(axes)
    figure.suptitle("no trial is better than those in orange in each objective", size=10)
    return figure


def timeline_figure(trials: Sequence[Drawn], now: datetime) -> Figure:
    """A bar from begin to end of each trial, by how it ended."""
    timed = [each for each in trials if each.spans]
    figure = blank_figure(9.0, 1.4 + 0.2 * max(5, len(timed)))
    axes = figure.add_subplot()
    begin = min((span[0] for each in timed for span in each.spans), default=now)
    for each in timed:
        for start, end in each.spans:
            left, right = ((moment - begin).total_seconds() for moment in (start, end or now))
            color = _STATUS_COLORS.get(each.status, _FAILED_COLOR)
            axes.barh(each.number, right - left, left=left, color=color, height=0.75)
    for status in dict.fromkeys(each.status for each in timed):
        color = _STATUS_COLORS.get(status, _FAILED_COLOR)
        axes.plot([], [], color=color, linewidth=6, label=status)
    axes.set(xlabel="seconds since the study began", ylabel="trial")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.invert_yaxis()
    if timed:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    plain(axes, grid="x")
    return figure


def _best(trials: Sequence[Drawn], metric: Metric) -> Drawn:
    complete = [each for each in trials if each.values]
    return min(complete, key=lambda each: metric.loss_of(each.values[metric.name]))


def _aimed(metric: Metric) -> str:
    return f"{metric.name} ({metric.goal})"


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(max(count, 1), _MAX_COLUMNS)
    lines = math.ceil(count / columns)
    figure = blank_figure(_PANEL * columns + 0.6, 3.2 * lines + 0.5)
    return figure, [figure.add_subplot(lines, columns, place + 1) for place in range(count)]
