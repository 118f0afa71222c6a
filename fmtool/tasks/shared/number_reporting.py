"""The report of predicted numbers, and how it is shown."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fmtool.metric import show
from fmtool.notices import warn
from fmtool.targets import Numbers
from fmtool.tasks.shared import number_intervals
from fmtool.tasks.shared.number_intervals import Intervals
from fmtool.tasks.shared.number_meter import POINTS, NumberMeter
from fmtool.tasks.shared.reporting import Report, Reporting

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from fmtool.terminal import Table

    Array = NDArray[Any]

_OF_NUMBERS = ("mae", "rmse", "r2", "bias", "coverage")


class NumberReporting(Reporting[Numbers]):
    """Outputs (batch, *shape) in the unit of the data, or (batch, *shape, m) of m quantiles.

    Args:
        metrics: those of the report, in order.
        quantiles: of the outputs, or none.
        intervals: with margins once they are fitted.
    """

    AVERAGES_VIEWS = True
    CALIBRATES = True

    def __init__(
        self,
        target: Numbers,
        metrics: Sequence[str],
        quantiles: Sequence[float],
        intervals: Intervals,
    ) -> None:
        super().__init__(target)
        self._metrics, self._quantiles, self._intervals = metrics, quantiles, intervals

    @property
    def output_shape(self) -> tuple[int, ...]:
        quantiles = len(self._quantiles)
        return (*self.target.shape, quantiles) if quantiles else self.target.shape

    def described(self, output_shape: tuple[int, ...]) -> str:
        count = math.prod(output_shape)
        return "a number" if count == 1 else f"{count} numbers"

    def meter(self) -> NumberMeter:
        return NumberMeter(
            names_of(self.target),
            self._metrics,
            quantiles=self._quantiles,
            intervals=self._intervals,
        )

    def calibrate(self, outputs: "Array | None", y: "Array | None") -> str:
        """Margins of intervals, by how far the numbers of validation samples are off."""
        empty, samples = self._intervals, 0 if y is None else len(y)
        if outputs is None or y is None:
            warn("no validation split: nothing says how far predictions are off, no interval")
            return empty.to_text(samples=samples)
        predicted = outputs.reshape(samples, math.prod(self.target.shape), -1)
        true = y.reshape(samples, -1)
        found = number_intervals.fitted(empty, predicted[..., 0], predicted[..., -1], true)
        if found.margins is None:
            fewest = number_intervals.fewest_samples(empty.share)
            warn(
                f"no interval: for one that holds {empty.share:g} of the numbers it takes {fewest} "
                f"validation samples, and there are {samples}"
            )
        return found.to_text(samples=samples)

    def summed_up(self, report: Report) -> Sequence[str]:
        return [name for name in ("mae", "rmse", "r2") if report.metrics[name] is not None]

    def deviation(self, name: str, value: float, report: Report) -> float | None:
        """Of the absolute error of one number, by its mean and that of its square."""
        mae, rmse = report.metrics["mae"], report.metrics["rmse"]
        is_one = len(names_of(self.target)) == 1
        if name != "mae" or not is_one or mae is None or rmse is None:
            return None
        return math.sqrt(max(0.0, rmse**2 - mae**2))

    def tables(self, report: Report) -> "Sequence[Table]":
        from fmtool import terminal
        from fmtool.terminal import Column

        entries = report.details["per_number"]
        if len(entries) < 2:
            return ()
        columns = (Column(name, is_number=True) for name in _OF_NUMBERS)
        table = terminal.table("number", *columns, title="numbers")
        for entry in entries:
            table.add_row(entry["name"], *(show(entry[name]) for name in _OF_NUMBERS))
        return (table,)

    def figures(self, report: Report) -> "Mapping[str, Figure]":
        from fmtool.tasks.shared import number_plots

        true, predicted = report.unprinted[POINTS]
        names = names_of(self.target)
        return {
            "predicted": number_plots.predicted_figure(true, predicted, names),
            "residuals": number_plots.residuals_figure(true, predicted, names),
        }

    @property
    def compared_columns(self) -> Sequence[str]:
        names = names_of(self.target)
        ends = ("lower", "upper") if self._intervals.margins is not None else ()
        if len(names) == 1:
            return ("truth", "value", *ends)
        return [f"{what} {name}" for what in ("truth", "value", *ends) for name in names]

    def compared(self, outputs: "Array", y: "Array") -> Iterator[Mapping[str, Any]]:
        names = names_of(self.target)
        predicted = outputs.reshape(len(y), len(names), -1)
        middle = list(self._quantiles).index(0.5) if self._quantiles else 0
        columns = {"truth": y.reshape(len(y), -1), "value": predicted[..., middle]}
        if self._intervals.margins is not None:
            ends = self._intervals.around(predicted[..., 0], predicted[..., -1], (len(names),))
            columns |= dict(zip(("lower", "upper"), ends, strict=True))
        for row in range(len(y)):
            found = {what: numbers[row].tolist() for what, numbers in columns.items()}
            if len(names) == 1:
                yield {what: numbers[0] for what, numbers in found.items()}
            else:
                yield {
                    what: dict(zip(names, numbers, strict=True)) for what, numbers in found.items()
                }


def names_of(target: Numbers) -> Sequence[str]:
    """A name for each of a sample's numbers, in the order in which they lie in memory."""
    rows = math.prod(target.shape[:-1])
    if rows == 1:
        return target.names
    return [f"{name} {row}" for row in range(rows) for name in target.names]
