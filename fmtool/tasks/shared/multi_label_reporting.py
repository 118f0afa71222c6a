"""The report of any number of classes for each sample, and how thresholds are chosen."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool.notices import note
from fmtool.targets import Labels
from fmtool.tasks.shared import ranking, thresholds
from fmtool.tasks.shared.class_curves import CURVES
from fmtool.tasks.shared.class_figures import deviation_of_share
from fmtool.tasks.shared.multi_label_meter import MultiLabelMeter
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.tasks.shared.thresholds import reached

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from fmtool.terminal import Table

    Array = NDArray[Any]

REACHED = (
    "f1_macro", "f1_micro", "precision_macro", "recall_macro", "subset_accuracy", "hamming_loss",
)  # fmt: skip
"""Figures that depend on the thresholds."""
_MAX_NAMED = 10


class MultiLabelReporting(Reporting[Labels]):
    """Logits (batch, k), and zeros and ones (batch, k).

    Args:
        log_odds: float64 (k,), the thresholds that count.
        rule: how they were chosen.
        chooses: whether `calibrate` looks for the highest F1 of each class.
    """

    AVERAGES_VIEWS = True
    CALIBRATES = True

    def __init__(self, target: Labels, log_odds: "Array", rule: str, *, chooses: bool) -> None:
        super().__init__(target)
        self._log_odds, self._rule, self._chooses = log_odds, rule, chooses

    @property
    def output_shape(self) -> tuple[int, ...]:
        return (len(self.target.names),)

    def described(self, output_shape: tuple[int, ...]) -> str:
        return f"any of {output_shape[-1]} classes"

    def meter(self) -> MultiLabelMeter:
        return MultiLabelMeter(self.target.names, self._log_odds)

    def calibrate(self, outputs: "Array | None", y: "Array | None") -> str:
        """The threshold of each class, as probabilities and in log-odds, and what they reach."""
        if outputs is None or y is None:
            if not self._chooses:
                return self._document(self._log_odds, self._rule)
            note("no validation split to choose thresholds by: they are 0.5")
            return self._document(self._log_odds, "0.5, without a validation split")
        chosen = self._log_odds
        if self._chooses:
            chosen, left = self._best(outputs, y)
            if left:
                shown = ", ".join(left[:_MAX_NAMED])
                more = f" and {len(left) - _MAX_NAMED} more" if len(left) > _MAX_NAMED else ""
                note(
                    f"no validation samples with and without {shown}{more} to choose a threshold "
                    "by: it is 0.5"
                )
        meter = MultiLabelMeter(self.target.names, chosen)
        meter.add(outputs, y)
        return self._document(chosen, self._rule, meter.report())

    def _best(self, outputs: "Array", y: "Array") -> "tuple[Array, list[str]]":
        """Log-odds (k,) of the highest F1, and the classes that keep theirs."""
        chosen, left = self._log_odds.copy(), []
        for place, name in enumerate(self.target.names):
            cuts = ranking.cuts_of(outputs[:, place], y[:, place] != 0)
            if cuts.undefined:
                left.append(name)
                continue
            choices = thresholds.choices(cuts)
            chosen[place] = choices.log_odds[thresholds.best_f_beta(choices, 1.0)]
        return chosen, left

    def _document(self, log_odds: "Array", rule: str, report: Report | None = None) -> str:
        """The text of task.json.

        Args:
            report: on the validation split; None where there is none.
        """
        shares = map(thresholds.probability, log_odds.tolist())
        document: dict[str, Any] = {
            "rule": rule,
            "thresholds": dict(zip(self.target.names, shares, strict=True)),
            "log_odds": log_odds.tolist(),
        }
        if report is not None:
            reached = {name: report.metrics[name] for name in REACHED}
            document |= {"samples": report.samples, "reached": reached}
        return json.dumps(document)

    # --- how a report is shown --------------------------------------------------------------

    def summed_up(self, report: Report) -> Sequence[str]:
        return ("loss", "mean_average_precision", "f1_macro")

    def tables(self, report: Report) -> "Sequence[Table]":
        from fmtool.tasks.shared.class_tables import class_table

        also = ("roc_auc", "pr_auc", "threshold")
        return (class_table(report.details["per_class"], also=also),)

    def notes(self, report: Report) -> Sequence[str]:
        lines = [f"thresholds: {self._rule}"]
        absent = report.details["absent_classes"]
        if absent:
            lines.append(f"no samples of {', '.join(absent)} in this split: means leave them out")
        return lines

    def figures(self, report: Report) -> "Mapping[str, Figure]":
        from fmtool.tasks.shared.class_plots import curves_figure

        curves = report.unprinted[CURVES]
        return {"roc_pr": curves_figure(curves, classes=len(self.target.names))} if curves else {}

    def on_validation(
        self, seen: Mapping[str, float], chosen: Mapping[str, str]
    ) -> Mapping[str, float]:
        """By the thresholds that were chosen; while training they are 0.5."""
        return reached(chosen, ("subset_accuracy",))

    def deviation(self, name: str, value: float, report: Report) -> float | None:
        return deviation_of_share(value, report.samples) if name == "subset_accuracy" else None

    # --- a file of all samples --------------------------------------------------------------

    @property
    def compared_columns(self) -> Sequence[str]:
        return ("truth", "labels", *(f"probability of {name}" for name in self.target.names))

    def compared(self, outputs: "Array", y: "Array") -> Iterator[Mapping[str, Any]]:
        names = self.target.names
        found = outputs >= self._log_odds.astype(np.float32)
        shares = thresholds.probabilities(outputs).astype(np.float32).tolist()
        for truth, is_found, row in zip(y, found, shares, strict=True):
            yield {
                "truth": names_of(names, truth),
                "labels": names_of(names, is_found),
                "probabilities": dict(zip(names, row, strict=True)),
            }


def names_of(names: Sequence[str], has: "Array") -> list[str]:
    """The names of the classes that a sample has."""
    return [name for name, one in zip(names, has.tolist(), strict=True) if one]
