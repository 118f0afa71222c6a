"""Plots of points that were trained: the value of each, and which settings led to it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fmtool.drawing.figures import BEST_COLOR, COLOR, GRAY, blank_figure, plain
from fmtool.metric import Metric, show

_MAX_TICKS = 8
"""Numbers on an axis; of more some are marked that stand at equal distances."""
_MARKS = 5
_ROOM = 0.05
"""The height of a number beside an axis."""
_MAX_BARS = 40
_LONGEST_LABEL = 60
_LONGEST_TICK = 20
_LOGARITHMIC = 20.0
"""From this ratio of the largest to the smallest on, numbers are told apart by their logarithm."""


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


def bars_figure(points: Sequence[Point], metric: Metric) -> Figure:
    """A bar for each point, the best first, 40 at the most."""
    chosen = _best_first(points, metric)[:_MAX_BARS]
    values, places = [point.value for point in chosen], range(len(chosen))
    figure = blank_figure(8.5, 1.4 + 0.32 * len(chosen))
    axes = figure.add_subplot()
    errors = [point.deviation or 0.0 for point in chosen]
    bars = axes.barh(
        places,
        values,
        xerr=errors if any(errors) else None,
        color=[BEST_COLOR, *[COLOR] * (len(chosen) - 1)],
        error_kw={"ecolor": GRAY, "capsize": 3},
        height=0.7,
    )
    if is_logarithmic(values):
        axes.set_xscale("log")
    axes.bar_label(bars, [_shown(point) for point in chosen], padding=4, size=8, color=GRAY)
    axes.margins(x=0.18)
    axes.set_yticks(places, [_label(point) for point in chosen], size=8)
    for tick in axes.get_yticklabels():
        tick.set_parse_math(False)
    axes.invert_yaxis()
    plain(axes, grid="x")
    left_out = len(points) - len(chosen)
    axes.set_xlabel(f"best {metric.name}" + (f", without the {left_out} worst" if left_out else ""))
    return figure


def parallel_coordinates_figure(
    points: Sequence[Point], metric: Metric, *, logarithmic: Mapping[str, bool] | None = None
) -> Figure:
    """A line for each point through an axis for each key that varies, and one for the value.

    Args:
        logarithmic: whether the axis of a key is; where that is not said its numbers decide.
    """
    keys = list(dict.fromkeys(key for point in points for key in point.settings))
    figure = blank_figure(2.6 + 2.2 * len(keys), 4.4)
    axes = figure.add_subplot()
    known = logarithmic or {}
    scales = [
        _Scale([point.settings.get(key, "") for point in points], known.get(key)) for key in keys
    ]
    scales.append(_Scale([str(point.value) for point in points]))
    worst_first = list(reversed(_best_first(points, metric)))
    for rank, point in enumerate(worst_first):
        texts = [*(point.settings.get(key, "") for key in keys), str(point.value)]
        heights = [scale.height(text) for scale, text in zip(scales, texts, strict=True)]
        goodness = rank / max(1, len(points) - 1)
        color = colormaps["viridis"](0.92 * goodness)
        axes.plot(heights, color=color, linewidth=1 + 1.5 * goodness)
    for place, scale in enumerate(scales[:-1]):
        _axis(axes, place, scale.ticks())
    ends = {worst_first[0].value, worst_first[-1].value}
    _axis(axes, len(keys), [(scales[-1].height(str(value)), show(value)) for value in ends])
    axes.set_xticks(range(len(scales)), [*keys, f"best {metric.name}"])
    axes.set_xlim(-0.45, len(keys) + 0.2)
    axes.set_ylim(-0.06, 1.06)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("the brighter, the better", size=10)
    return figure


class _Scale:
    """The places of a key's values on its axis: numbers by size, names below each other.

    Args:
        texts: empty where a point has no such key; its line has a gap there.
        is_log: None where the numbers decide.
    """

    def __init__(self, texts: Sequence[str], is_log: bool | None = None) -> None:
        known = [text for text in texts if text]
        self._names = list(dict.fromkeys(known))[::-1]
        numbers = [number for text in known if (number := _number(text)) is not None]
        self._numbers = sorted(set(numbers)) if len(numbers) == len(known) else []
        guess = bool(self._numbers) and is_logarithmic(self._numbers)
        self._is_log = guess if is_log is None else is_log

    def height(self, text: str) -> float:
        """From 0 to 1."""
        if not text:
            return math.nan
        if not self._numbers:
            return _share(self._names.index(text), range(len(self._names)))
        return self._height(float(text))

    def _height(self, number: float) -> float:
        if self._is_log:
            return _share(math.log(number), [math.log(each) for each in self._numbers])
        return _share(number, self._numbers)

    def ticks(self) -> list[tuple[float, str]]:
        """Heights and what stands there."""
        if not self._numbers:
            return [(self.height(name), name) for name in self._names]
        heights = [self._height(number) for number in self._numbers]
        gaps = [high - low for low, high in pairwise(heights)]
        if len(heights) <= _MAX_TICKS and min(gaps, default=1.0) >= _ROOM:
            return [
                (height, f"{number:.4g}")
                for height, number in zip(heights, self._numbers, strict=True)
            ]
        low, high = self._numbers[0], self._numbers[-1]
        shares = [place / (_MARKS - 1) for place in range(_MARKS)]
        if self._is_log:
            return [(share, f"{low * (high / low) ** share:.2g}") for share in shares]
        return [(share, f"{low + (high - low) * share:.3g}") for share in shares]


def _axis(axes: Axes, place: int, ticks: Sequence[tuple[float, str]]) -> None:
    axes.axvline(place, ymin=0.05, ymax=0.95, color="#bbbbbb", linewidth=1, zorder=0)
    background = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8}
    for height, text in ticks:
        axes.text(
            place - 0.03,
            height,
            text if len(text) <= _LONGEST_TICK else f"{text[: _LONGEST_TICK - 1]}…",
            size=8,
            ha="right",
            va="center",
            color=GRAY,
            bbox=background,
            parse_math=False,
        )


def _best_first(points: Sequence[Point], metric: Metric) -> list[Point]:
    return sorted(points, key=lambda point: metric.loss_of(point.value))


def _share(value: float, values: Sequence[float] | range) -> float:
    """The place of `value` between the least and the largest; the middle if they are equal."""
    least, largest = min(values), max(values)
    return 0.5 if least == largest else (value - least) / (largest - least)


def is_logarithmic(numbers: Sequence[float]) -> bool:
    return min(numbers) > 0 and max(numbers) / min(numbers) >= _LOGARITHMIC


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _shown(point: Point) -> str:
    deviation = "" if point.deviation is None else f" ± {show(point.deviation)}"
    return f"{show(point.value)}{deviation}"


def _label(point: Point) -> str:
    text = " ".join(f"{key.rpartition('.')[2]}={value}" for key, value in point.settings.items())
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
