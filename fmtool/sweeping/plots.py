"""The pictures of a sweep: the value of each point, and which settings led to it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fmtool.evaluation.plots import blank_figure
from fmtool.logging.rows import show
from fmtool.training.monitor import Monitor

_COLOR = "#1f6fb4"
_BEST_COLOR = "#e07b1a"
_MOST_BARS = 40
_LONGEST_LABEL = 60
_LOGARITHMIC = 20.0
"""From this ratio of the largest to the smallest on, values are a power apart, not a step."""


@dataclass(frozen=True)
class Point:
    """Settings that were trained, and what the monitor saw at its best.

    Args:
        settings: values by key, as they were typed.
        deviation: over repetitions, of which `value` is the mean then.
    """

    settings: Mapping[str, str]
    value: float
    deviation: float | None


def bars_figure(points: Sequence[Point], monitor: str) -> Figure:
    """A bar for each point, the best first, 40 at the most."""
    is_least = Monitor(monitor).mode == "min"
    ordered = sorted(points, key=lambda point: point.value if is_least else -point.value)
    chosen = ordered[:_MOST_BARS]
    figure = blank_figure(8.5, 1.4 + 0.32 * len(chosen))
    axes = figure.add_subplot()
    places = range(len(chosen))
    errors = [point.deviation or 0.0 for point in chosen]
    axes.barh(
        places,
        [point.value for point in chosen],
        xerr=errors if any(errors) else None,
        color=[_BEST_COLOR, *[_COLOR] * (len(chosen) - 1)],
        error_kw={"ecolor": "#444444", "capsize": 3},
        height=0.7,
    )
    axes.set_yticks(places, [_label(point) for point in chosen], size=8)
    for tick in axes.get_yticklabels():
        tick.set_parse_math(False)
    axes.invert_yaxis()
    axes.set_xlabel(f"best {monitor}")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    left_out = len(points) - len(chosen)
    axes.set_title(f"the best {len(chosen)} of {len(points)}" if left_out else "best first")
    return figure


def parallel_coordinates_figure(points: Sequence[Point], monitor: str) -> Figure:
    """A line for each point through an axis for each key that varies, and one for the value."""
    keys = list(dict.fromkeys(key for point in points for key in point.settings))
    figure = blank_figure(max(5.0, 2.0 * (len(keys) + 1)), 4.2)
    axes = figure.add_subplot()
    values = [point.value for point in points]
    scales = [_Scale([point.settings.get(key, "") for point in points]) for key in keys]
    heights = np.array(
        [
            [
                scale.height(point.settings.get(key, ""))
                for key, scale in zip(keys, scales, strict=True)
            ]
            + [_share(point.value, values)]
            for point in points
        ]
    )
    colors = colormaps["viridis"]
    is_least = Monitor(monitor).mode == "min"
    ranks = np.argsort(np.argsort([-v if is_least else v for v in values]))
    for line, rank in sorted(zip(heights, ranks, strict=True), key=lambda pair: pair[1]):
        goodness = rank / max(1, len(points) - 1)
        axes.plot(line, color=colors(0.9 * goodness), linewidth=1 + 1.5 * goodness, alpha=0.85)
    for place, scale in enumerate(scales):
        _ticks(axes, place, scale.ticks())
    _ticks(axes, len(keys), [(_share(v, values), show(v)) for v in {min(values), max(values)}])
    axes.set_xticks(range(len(keys) + 1), [*keys, f"best {monitor}"])
    axes.set_xlim(-0.25, len(keys) + 0.6)
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title("the brighter, the better", size=10)
    return figure


class _Scale:
    """Where the values of a key lie on its axis: numbers by size, names side by side."""

    def __init__(self, texts: Sequence[str]) -> None:
        numbers = [_number(text) for text in texts]
        self._numbers = sorted({number for number in numbers if number is not None})
        self._names = sorted(set(texts))
        self._is_numeric = None not in numbers
        least = self._numbers[0] if self._numbers else 0.0
        self._is_log = least > 0 and self._numbers[-1] / least >= _LOGARITHMIC

    def height(self, text: str) -> float:
        """From 0 to 1."""
        number = _number(text)
        if not self._is_numeric or number is None:
            return _share(self._names.index(text), range(len(self._names)))
        scaled = [math.log(each) if self._is_log else each for each in self._numbers]
        return _share(math.log(number) if self._is_log else number, scaled)

    def ticks(self) -> list[tuple[float, str]]:
        if not self._is_numeric:
            return [(self.height(name), name) for name in self._names]
        return [(self.height(str(number)), f"{number:g}") for number in self._numbers]


def _ticks(axes: Axes, place: int, ticks: Sequence[tuple[float, str]]) -> None:
    axes.axvline(place, color="#bbbbbb", linewidth=1, zorder=0)
    for height, text in ticks:
        shown = text if len(text) <= _LONGEST_LABEL // 3 else f"{text[: _LONGEST_LABEL // 3 - 1]}…"
        axes.text(
            place + 0.03, height, shown, size=8, va="center", color="#444444", parse_math=False
        )


def _share(value: float, values: Sequence[float] | range) -> float:
    """Where `value` lies between the least and the largest; in the middle if they are equal."""
    least, largest = min(values), max(values)
    return 0.5 if least == largest else (value - least) / (largest - least)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _label(point: Point) -> str:
    text = " ".join(f"{key.rpartition('.')[2]}={value}" for key, value in point.settings.items())
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
