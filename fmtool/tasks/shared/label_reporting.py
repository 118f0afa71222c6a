"""The report of a classifier, one label of several for each sample, and how it is shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool.targets import Label
from fmtool.tasks.shared.class_curves import CURVES
from fmtool.tasks.shared.class_figures import MACRO_ALL, deviation_of_share, most_common
from fmtool.tasks.shared.class_meter import TOP_5, ClassMeter
from fmtool.tasks.shared.reporting import Report, Reporting

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from fmtool.terminal import Table

    Array = NDArray[Any]


class LabelReporting(Reporting[Label]):
    """Logits (batch, classes) and labels (batch,)."""

    AVERAGES_VIEWS = True

    @property
    def output_shape(self) -> tuple[int, ...]:
        return (len(self.target.names),)

    def described(self, output_shape: tuple[int, ...]) -> str:
        return f"{output_shape[-1]} classes"

    def impossible_metrics(self) -> Mapping[str, str]:
        classes = len(self.target.names)
        return {TOP_5: f"with {classes} classes it is always 1"} if classes <= 5 else {}

    def meter(self) -> ClassMeter:
        return ClassMeter(self.target.names, impossible=self.impossible_metrics())

    def listed(self, report: Report) -> Sequence[str]:
        # Without absent classes both averages are one.
        absent = report.details["absent_classes"]
        return [name for name in report.metrics if absent or not name.endswith(f"_{MACRO_ALL}")]

    def summed_up(self, report: Report) -> Sequence[str]:
        return [name for name in ("loss", "accuracy", TOP_5) if report.metrics[name] is not None]

    def tables(self, report: Report) -> "Sequence[Table]":
        from fmtool.tasks.shared.class_tables import class_table

        return (class_table(report.details["per_class"]),)

    def notes(self, report: Report) -> Sequence[str]:
        from fmtool.tasks.shared.class_tables import absent_line

        absent = report.details["absent_classes"]
        return (absent_line(absent),) if absent else ()

    def figures(self, report: Report) -> "Mapping[str, Figure]":
        from fmtool.tasks.shared.class_plots import confusion_figure, curves_figure

        names = self.target.names
        found = {"confusion_matrix": confusion_figure(report.details["confusion_matrix"], names)}
        if report.unprinted[CURVES]:
            found["roc_pr"] = curves_figure(report.unprinted[CURVES], classes=len(names))
        return found

    def constant_answers(self, report: Report) -> Mapping[str, tuple[str, float]]:
        return {"accuracy": most_common(report.details["per_class"])}

    def deviation(self, name: str, value: float, report: Report) -> float | None:
        return deviation_of_share(value, report.samples) if name == "accuracy" else None

    @property
    def compared_columns(self) -> Sequence[str]:
        shares = [f"probability of {name}" for name in self.target.names]
        return ("truth", "label", "probability", *shares)

    def compared(self, outputs: "Array", y: "Array") -> Iterator[Mapping[str, Any]]:
        names = self.target.names
        best = outputs.argmax(axis=1).tolist()
        for label, true, shares in zip(best, y.tolist(), _probabilities(outputs), strict=True):
            yield {
                "truth": names[true],
                "label": names[label],
                "probability": shares[label],
                "probabilities": dict(zip(names, shares, strict=True)),
            }


def _probabilities(logits: "NDArray[np.float32]") -> list[list[float]]:
    """(n, classes), rounded to float32 as `fmtool predict` gives them."""
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(axis=1, keepdims=True))
    shares: list[list[float]] = (
        (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32).tolist()
    )
    return shares
