"""Distances of predicted numbers from true ones, the same on every backend, in NumPy."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.notices import counted
from fmtool.tasks.shared.number_intervals import Intervals
from fmtool.tasks.shared.reporting import Report, Sheet, require_measurable

ERRORS = "largest_errors"
"""In `Report.sheets`."""
POINTS = "points"
"""In `Report.unprinted`: true and predicted numbers (m, k) of evenly spaced samples."""
MAX_POINTS = 2000
MAX_ERRORS = 32
"""The largest ones, which a sheet shows."""

_NO_INTERVAL = "no interval was fitted: that takes a validation split"

_Floats = NDArray[np.float64]
_Figure = tuple[_Floats, str]
"""A value for each number, NaN where nothing defines it, and why."""


class NumberMeter:
    """Takes outputs (b, k), or (b, k, m) of m quantiles, and true numbers (b, k).

    A figure of several numbers is the mean over those that define it, as scikit-learn's are with
    `uniform_average`; `max_error` is the largest. A figure that nothing defines is None, and
    `undefined` says why.

    Args:
        names: of the k numbers.
        metrics: those of the report, in order.
        quantiles: of the outputs, 0.5 among them; empty for a single value.
    """

    def __init__(
        self,
        names: Sequence[str],
        metrics: Sequence[str],
        *,
        quantiles: Sequence[float],
        intervals: Intervals,
    ) -> None:
        self._names, self._metrics = names, metrics
        self._quantiles, self._intervals = np.asarray(quantiles), intervals
        self._true: list[_Floats] = []
        self._values: list[_Floats] = []
        self._ends: list[tuple[_Floats, _Floats]] = []
        self._pinball: list[_Floats] = []
        self._samples = self._not_finite = 0

    def add(self, outputs: NDArray[np.float32], y: NDArray[np.float64]) -> None:
        shape = (len(y), len(self._names), -1)
        predicted = outputs.reshape(shape).astype(np.float64)
        self._not_finite += int(np.sum(~np.isfinite(predicted).all(axis=(1, 2))))
        true = y.reshape(shape)[..., 0].astype(np.float64)
        self._samples += len(y)
        self._true.append(true)
        middle = self._quantiles.tolist().index(0.5) if len(self._quantiles) else 0
        self._values.append(predicted[..., middle])
        if len(self._quantiles):
            above = true[..., np.newaxis] - predicted
            weighed = np.maximum(self._quantiles * above, (self._quantiles - 1) * above)
            self._pinball.append(weighed.mean(axis=-1))
        if self._intervals.margins is not None:
            self._ends.append(
                self._intervals.around(predicted[..., 0], predicted[..., -1], shape[1:2])
            )

    def report(self) -> Report:
        require_measurable(self._samples, not_finite=self._not_finite, what="outputs")
        true, values = np.concatenate(self._true), np.concatenate(self._values)
        figures = {name: self._figure(name, true, values) for name in self._metrics}
        metrics, undefined = {}, {}
        for name, (found, why) in figures.items():
            known = found[~np.isnan(found)]
            over_all: Callable[[Any], Any] = np.max if name == "max_error" else np.mean
            metrics[name] = float(over_all(known)) if len(known) else None
            if not len(known):
                undefined[name] = why
        some = np.unique(np.linspace(0, len(true) - 1, MAX_POINTS).astype(np.int64))
        return Report(
            samples=self._samples,
            metrics=metrics,
            undefined=undefined,
            details={"per_number": self._per_number(figures, true)},
            sheets={ERRORS: self._sheet(true, values)},
            unprinted={POINTS: (true[some], values[some])},
        )

    def _figure(self, name: str, true: _Floats, values: _Floats) -> _Figure:
        if name == "pinball":
            return np.concatenate(self._pinball).mean(axis=0), ""
        if name in ("coverage", "interval_width"):
            return self._interval_figure(name, true)
        return _FIGURES[name](true, values)

    def _interval_figure(self, name: str, true: _Floats) -> _Figure:
        if not self._ends:
            return np.full(true.shape[1], np.nan), _NO_INTERVAL
        low, high = (np.concatenate(each) for each in zip(*self._ends, strict=True))
        if name == "interval_width":
            return (high - low).mean(axis=0), ""
        return ((low <= true) & (true <= high)).mean(axis=0), ""

    def _per_number(self, figures: Mapping[str, _Figure], true: _Floats) -> list[dict[str, Any]]:
        entries = []
        for place, name in enumerate(self._names):
            found = {each: values[place].item() for each, (values, _) in figures.items()}
            undefined = {each: figures[each][1] for each, one in found.items() if np.isnan(one)}
            entry = {
                "name": name,
                **{each: None if each in undefined else one for each, one in found.items()},
                "mean": true[:, place].mean().item(),
                "standard_deviation": true[:, place].std().item(),
            }
            entries.append({**entry, "undefined": undefined} if undefined else entry)
        return entries

    def _sheet(self, true: _Floats, values: _Floats) -> Sheet:
        deviations = true.std(axis=0)
        gaps = np.abs(values - true) / np.where(deviations > 0, deviations, 1.0)
        order = np.argsort(-gaps.mean(axis=1), kind="stable")[:MAX_ERRORS]
        return Sheet(
            f"the largest errors of {counted(self._samples, 'sample')}",
            rows=order.tolist(),
            captions=[f"{_shown(true[row])}\npredicted {_shown(values[row])}" for row in order],
        )


def _shown(numbers: _Floats) -> str:
    return ", ".join(f"{number:.4g}" for number in numbers[:3]) + (
        "..." if len(numbers) > 3 else ""
    )


def _mae(true: _Floats, values: _Floats) -> _Figure:
    return np.abs(values - true).mean(axis=0), ""


def _rmse(true: _Floats, values: _Floats) -> _Figure:
    return np.sqrt(np.square(values - true).mean(axis=0)), ""


def _r2(true: _Floats, values: _Floats) -> _Figure:
    """1 less the squared errors as a share of those of always predicting the mean."""
    spread = np.square(true - true.mean(axis=0)).sum(axis=0)
    left = np.square(values - true).sum(axis=0)
    is_constant = (true == true[0]).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(is_constant, np.nan, 1 - left / spread)
    return found, "all true numbers of the split are the same"


def _mape(true: _Floats, values: _Floats) -> _Figure:
    has_zero = (true == 0).any(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.abs(values - true) / np.abs(true)
    return np.where(has_zero, np.nan, shares.mean(axis=0)), "a true number is 0"


def _median_absolute_error(true: _Floats, values: _Floats) -> _Figure:
    return np.median(np.abs(values - true), axis=0), ""


def _max_error(true: _Floats, values: _Floats) -> _Figure:
    return np.abs(values - true).max(axis=0), ""


def _bias(true: _Floats, values: _Floats) -> _Figure:
    """The mean of what is predicted less what is true."""
    return (values - true).mean(axis=0), ""


def _poisson_deviance(true: _Floats, values: _Floats) -> _Figure:
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.where(true > 0, true * np.log(true / values), 0.0)
    found = 2 * (logarithms - true + values).mean(axis=0)
    is_wrong = (values <= 0).any(axis=0) | (true < 0).any(axis=0)
    return np.where(is_wrong, np.nan, found), "a predicted number is 0"


_FIGURES: dict[str, Callable[[_Floats, _Floats], _Figure]] = {
    "mae": _mae,
    "rmse": _rmse,
    "r2": _r2,
    "mape": _mape,
    "median_absolute_error": _median_absolute_error,
    "max_error": _max_error,
    "bias": _bias,
    "poisson_deviance": _poisson_deviance,
}
"""By name; each is given true and predicted numbers (n, k)."""
