"""Numbers in the unit of the data, with the ends of an interval and quantiles where there are."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool.elements import SampleKind
from fmtool.metric import show
from fmtool.notices import counted
from fmtool.targets import Numbers
from fmtool.tasks.shared.number_intervals import Intervals
from fmtool.tasks.shared.number_reporting import names_of
from fmtool.tasks.shared.serving import Answer, CardTable, Hub, Output, PredictOptions, Serving

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_METRICS = ("mae", "rmse", "r2")


class NumberServing(Serving[Numbers]):
    """The serving of outputs (batch, *shape), or (batch, *shape, m) of m quantiles.

    Args:
        quantiles: of the outputs, or none.
        intervals: what reaches beyond them; without margins there is no interval.
    """

    def __init__(self, target: Numbers, quantiles: Sequence[float], intervals: Intervals) -> None:
        super().__init__(target)
        self._quantiles, self._intervals = tuple(quantiles), intervals

    @property
    def _has_intervals(self) -> bool:
        return self._intervals.margins is not None

    @property
    def outputs(self) -> Mapping[str, Output]:
        shape = self.target.shape
        found = {"value": Output("float32", "relative", shape, noun="a value")}
        if self._has_intervals:
            found |= {
                name: Output("float32", "relative", shape, noun=f"the {name} end of an interval")
                for name in ("lower", "upper")
            }
        if self._quantiles:
            whole = (*shape, len(self._quantiles))
            found["quantiles"] = Output("float32", "relative", whole, noun="a quantile")
        return found

    @property
    def always(self) -> tuple[str, ...]:
        return ("value", "quantiles") if self._quantiles else ("value",)

    def serve(self, outputs: Any) -> dict[str, Any]:
        from keras import ops

        if not self._quantiles:
            return {"value": outputs, **self._ends(outputs, outputs)}
        parts = [
            ops.squeeze(part, axis=-1) for part in ops.split(outputs, len(self._quantiles), axis=-1)
        ]
        return {
            "value": parts[self._quantiles.index(0.5)],
            **self._ends(parts[0], parts[-1]),
            "quantiles": outputs,
        }

    def reference(self, outputs: "Array") -> dict[str, "Array"]:
        if not self._quantiles:
            return {"value": outputs, **self._ends(outputs, outputs)}
        return {
            "value": outputs[..., self._quantiles.index(0.5)],
            **self._ends(outputs[..., 0], outputs[..., -1]),
            "quantiles": outputs,
        }

    def _ends(self, low: Any, high: Any) -> dict[str, Any]:
        if not self._has_intervals:
            return {}
        lower, upper = self._intervals.around(low, high, self.target.shape)
        return {"lower": lower, "upper": upper}

    def network_outputs(self, served: Mapping[str, "Array"]) -> "Array":
        return served["quantiles"] if self._quantiles else served["value"]

    def columns(self, options: PredictOptions) -> Sequence[str]:
        names = names_of(self.target)
        if not self._has_intervals:
            return names
        return [column for name in names for column in (name, f"{name} lower", f"{name} upper")]

    def decode(self, served: Mapping[str, "Array"], options: PredictOptions) -> Sequence[Answer]:
        known = {**self.reference(np.asarray(self.network_outputs(served))), **served}
        names = [name for name in ("value", "lower", "upper") if name in self.outputs]
        count = len(known["value"])
        numbers = np.stack([np.reshape(known[name], (count, -1)) for name in names], axis=-1)
        columns = self.columns(options)
        answers = []
        for row in numbers.reshape(count, -1).tolist():
            answers.append(
                Answer(
                    cells=row,
                    document=dict(zip(columns, row, strict=True)),
                    shown=[f"{number:.6g}" for number in row],
                )
            )
        return answers

    def hub(self, kind: SampleKind) -> Hub:
        if kind == "features":
            return Hub("tabular-regression", "regression on rows of numbers", _METRICS)
        return Hub("other", f"{self.target.described()} for each sample", _METRICS)

    def card_tables(self, figures: Mapping[str, Any]) -> Mapping[str, CardTable]:
        entries = figures["per_number"]
        names = ("mae", "rmse", "r2")
        spread = ("mean", "standard_deviation")
        rows = [
            (each["name"], *(show(each[name]) for name in (*names, *spread))) for each in entries
        ]
        columns = ["number", "MAE", "RMSE", "R²", "mean of true ones", "standard deviation"]
        return {"Numbers": CardTable(columns, rows, numbers=5)}

    def card_limits(self, figures: Mapping[str, Any]) -> Iterator[str]:
        yield (
            f"It was measured on {counted(figures['samples'], 'sample')}: of them a prediction "
            f"is off by {show(figures['mae'])} on average."
        )
        r2 = figures.get("r2")
        if r2 is not None and r2 <= 0:
            yield "It does no better than to predict the mean each time."
        coverage, share = figures.get("coverage"), self._intervals.share
        if coverage is not None:
            yield (
                f"Its intervals shall hold {share:g} of the numbers; of these samples they hold "
                f"{coverage:.4f}. For samples unlike those of the validation split they may not."
            )
        yield "It gives a number for any input, also for one that is like nothing it has learned."
