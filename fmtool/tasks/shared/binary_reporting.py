"""The report of one class against another, how its threshold is chosen, and how it is shown."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fmtool.metric import show
from fmtool.notices import note
from fmtool.targets import Label
from fmtool.tasks.shared import ranking, thresholds
from fmtool.tasks.shared.binary_meter import POINT, BinaryMeter, Question
from fmtool.tasks.shared.class_curves import CURVES
from fmtool.tasks.shared.class_figures import deviation_of_share, most_common
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.tasks.shared.thresholds import reached

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from fmtool.terminal import Table

    Array = NDArray[Any]

REACHED = (
    "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "f_beta",
    "matthews_corrcoef", "cost",
)  # fmt: skip
"""The figures that depend on the threshold."""


@dataclass(frozen=True)
class Rule:
    """The rule by which a threshold is found.

    Args:
        words: what it is, for people.
        place: of the best of the choices; None for a threshold that is given.
    """

    words: str
    place: Callable[[thresholds.Choices], int] | None


class BinaryReporting(Reporting[Label]):
    """Logits (batch, 1) of the positive class and labels (batch,).

    Args:
        question: with the threshold that counts.
    """

    AVERAGES_VIEWS = True
    CALIBRATES = True

    def __init__(self, target: Label, question: Question, rule: Rule) -> None:
        super().__init__(target)
        self._question, self._rule = question, rule

    @property
    def output_shape(self) -> tuple[int, ...]:
        return (1,)

    def described(self, output_shape: tuple[int, ...]) -> str:
        return "one logit for two classes" if output_shape == (1,) else f"outputs {output_shape}"

    def meter(self) -> BinaryMeter:
        return BinaryMeter(self._question)

    def calibrate(self, outputs: "Array | None", y: "Array | None") -> str:
        """The threshold, as a probability and in log-odds, and what it reaches on validation."""
        place, asked = self._rule.place, self._question
        if outputs is None or y is None:
            if place is None:
                return _document(asked, None)
            note("no validation split to choose a threshold by: it is 0.5")
            return _document(replace(asked, rule="0.5, without a validation split"), None)
        cuts = ranking.cuts_of(outputs[:, 0], y == asked.positive)
        if place is not None and cuts.undefined:
            note("the validation split has samples of one class only: the threshold is 0.5")
            asked = replace(asked, rule="0.5, as all validation samples are of one class")
        elif place is not None:
            choices = thresholds.choices(cuts)
            asked = replace(asked, log_odds=float(choices.log_odds[place(choices)]))
        meter = BinaryMeter(asked)
        meter.add(outputs, y)
        return _document(asked, meter.report())

    # --- how a report is shown --------------------------------------------------------------

    def summed_up(self, report: Report) -> Sequence[str]:
        return ("loss", "roc_auc", "accuracy")

    def tables(self, report: Report) -> "Sequence[Table]":
        from fmtool.tasks.shared.class_tables import class_table

        return (class_table(report.details["per_class"]),)

    def notes(self, report: Report) -> Sequence[str]:
        asked = self._question
        name = asked.names[asked.positive]
        return (f"positive is {name}, from a probability of {show(asked.threshold)}: {asked.rule}",)

    def figures(self, report: Report) -> "Mapping[str, Figure]":
        from fmtool.tasks.shared.class_plots import confusion_figure, curves_figure

        names = self.target.names
        found = {"confusion_matrix": confusion_figure(report.details["confusion_matrix"], names)}
        if CURVES not in report.unprinted:
            return found
        figure = curves_figure(report.unprinted[CURVES], classes=1)
        rate, recall, precision = report.unprinted[POINT]
        left, right = figure.axes
        words = f"threshold {show(self._question.threshold)}"
        for axes, x, y in ((left, rate, recall), (right, recall, precision)):
            if y is not None:
                axes.plot([x], [y], "o", color="black", markersize=6, label=words, zorder=3)
            axes.legend(frameon=False, fontsize=8)
        return {**found, "roc_pr": figure}

    def constant_answers(self, report: Report) -> Mapping[str, tuple[str, float]]:
        return {"accuracy": most_common(report.details["per_class"])}

    def on_validation(
        self, seen: Mapping[str, float], chosen: Mapping[str, str]
    ) -> Mapping[str, float]:
        """By the threshold that was chosen; while training it is 0.5."""
        return reached(chosen, ("accuracy",))

    def deviation(self, name: str, value: float, report: Report) -> float | None:
        return deviation_of_share(value, report.samples) if name == "accuracy" else None

    # --- a file of all samples --------------------------------------------------------------

    @property
    def compared_columns(self) -> Sequence[str]:
        positive = self._question.names[self._question.positive]
        return ("truth", "label", f"probability of {positive}")

    def compared(self, outputs: "Array", y: "Array") -> Iterator[Mapping[str, Any]]:
        import numpy as np

        asked, logits = self._question, outputs[:, 0]
        found = logits >= np.float32(asked.log_odds)
        shares = thresholds.probabilities(logits).astype(np.float32).tolist()
        for is_found, true, share in zip(found, y.tolist(), shares, strict=True):
            label = asked.positive if is_found else 1 - asked.positive
            yield {
                "truth": asked.names[true],
                "label": asked.names[label],
                "probability": share,
            }


def _document(asked: Question, report: Report | None) -> str:
    """The text of task.json.

    Args:
        report: on the validation split; None where there is none.
    """
    document = {
        "positive": asked.names[asked.positive],
        "rule": asked.rule,
        "threshold": asked.threshold,
        "log_odds": asked.log_odds,
    }
    if report is not None:
        reached = {name: report.metrics[name] for name in REACHED}
        document |= {"samples": report.samples, "reached": reached}
    return json.dumps(document)
