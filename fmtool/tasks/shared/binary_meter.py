"""The report on logits of one class against another, computed in NumPy.

Of each sample a few numbers are kept, and one mean is taken at the end, so that figures do not
depend on the size of a batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.class_names import shortened
from fmtool.tasks.shared import class_figures, ranking, thresholds
from fmtool.tasks.shared.class_curves import CURVES, Curve
from fmtool.tasks.shared.class_figures import ONE_CLASS, Found
from fmtool.tasks.shared.mistakes import Mistakes
from fmtool.tasks.shared.reporting import Report, require_measurable

POINT = "point"
"""In `Report.unprinted`: false positive rate, recall and precision at the threshold."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """The class of two that is looked for, the score from which it is found, the cost of mistakes.

    Args:
        names: of both classes.
        positive: the place of the one whose logits there are.
        log_odds: a sample with such a logit, or a higher one, is positive.
        rule: how that was chosen.
        beta: of F-beta.
        cost_false_negative, cost_false_positive: of one such mistake.
    """

    names: Sequence[str]
    positive: int
    log_odds: float
    rule: str
    beta: float
    cost_false_negative: float
    cost_false_positive: float

    @property
    def threshold(self) -> float:
        """As a probability."""
        return thresholds.probability(self.log_odds)


class BinaryMeter:
    """Takes logits (b, 1) of the positive class and labels (b,), each 0 or 1.

    `loss` is the mean cross-entropy in nats, without smoothing, weights or penalty, whatever loss
    a model was trained with. A figure that nothing defines is None, and `undefined` says why.

    Args:
        max_score_bytes: see `ranking.Scores`.
    """

    def __init__(self, question: Question, *, max_score_bytes: int = ranking.MAX_BYTES) -> None:
        self._question = question
        self._losses: list[_Floats] = []
        self._errors: list[_Floats] = []
        self._confidence: list[_Floats] = []
        self._is_sure: list[NDArray[np.bool_]] = []
        self._confusion = np.zeros((2, 2), np.int64)
        self._scores = ranking.Scores(1, max_bytes=max_score_bytes)
        self._mistakes = Mistakes()
        self._samples = self._not_finite = 0

    def add(self, outputs: NDArray[np.float32], y: NDArray[np.integer[Any]]) -> None:
        is_finite = np.isfinite(outputs).all(axis=1)
        if not is_finite.all():
            self._not_finite += int(np.sum(~is_finite))
        elif not self._not_finite and len(y):
            self._add(outputs[:, 0], y)
        self._samples += len(y)

    def _add(self, logits: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> None:
        asked = self._question
        is_true, is_found = labels == asked.positive, logits >= np.float32(asked.log_odds)
        shares = thresholds.probabilities(logits)
        self._losses.append(thresholds.cross_entropies(logits, is_true))
        self._errors.append(np.square(shares - is_true))
        confidence = np.maximum(shares, 1 - shares)
        self._confidence.append(confidence)
        self._is_sure.append((logits >= 0) == is_true)
        predicted = np.where(is_found, asked.positive, 1 - asked.positive)
        self._confusion += class_figures.confusion_matrix(labels, predicted, 2)
        self._scores.add(shares, is_true)
        wrong = np.flatnonzero(is_true != is_found)
        self._mistakes.add(
            row=self._samples + wrong,
            confidence=np.where(is_found, shares, 1 - shares)[wrong],
            true=labels[wrong],
            share=shares[wrong],
        )

    def report(self) -> Report:
        require_measurable(self._samples, not_finite=self._not_finite, what="logits")
        asked, (cuts,) = self._question, self._scores.cuts()
        metrics, undefined = self._figures(cuts)
        bins = self._scores.bins
        return Report(
            samples=self._samples,
            metrics=metrics,
            undefined=undefined,
            details={
                "positive": asked.names[asked.positive],
                "threshold": asked.threshold,
                "threshold_rule": asked.rule,
                "per_class": class_figures.per_class(
                    Found.of_confusion(self._confusion), asked.names
                ),
                "confusion_matrix": self._confusion.tolist(),
                **({} if bins is None else {"auc_bins": bins}),
            },
            brief=("threshold",),
            sheets=self._mistakes.sheets(self._samples, self._caption),
            unprinted={} if cuts.undefined else self._curve(cuts, metrics),
        )

    @property
    def _counts(self) -> tuple[int, int, int, int]:
        """Hits, misses, false alarms and negative samples that are taken for negative."""
        here = self._question.positive
        there = 1 - here
        cells = (here, here), (here, there), (there, here), (there, there)
        hits, misses, false_alarms, rejected = (int(self._confusion[cell]) for cell in cells)
        return hits, misses, false_alarms, rejected

    def _figures(self, cuts: ranking.Cuts) -> tuple[dict[str, float | None], dict[str, str]]:
        asked, (hits, misses, false_alarms, rejected) = self._question, self._counts
        found: dict[str, float | None] = {
            "roc_auc": ranking.roc_auc(cuts),
            "loss": float(np.mean(np.concatenate(self._losses))),
            "pr_auc": ranking.average_precision(cuts),
            "accuracy": (hits + rejected) / self._samples,
            "balanced_accuracy": None,
            "precision": _share(hits, hits + false_alarms),
            "recall": _share(hits, hits + misses),
            "specificity": _share(rejected, rejected + false_alarms),
            "f1": _f_beta(hits, misses, false_alarms, 1.0),
            "f_beta": _f_beta(hits, misses, false_alarms, asked.beta),
            "matthews_corrcoef": class_figures.matthews_corrcoef(self._confusion)[0],
            "brier": float(np.mean(np.concatenate(self._errors))),
            "cost": self._cost(misses, false_alarms),
            "expected_calibration_error": class_figures.expected_calibration_error(
                np.concatenate(self._confidence), np.concatenate(self._is_sure)
            ),
        }
        recall, specificity = found["recall"], found["specificity"]
        if recall is not None and specificity is not None:
            found["balanced_accuracy"] = (recall + specificity) / 2
        why = self._reasons()
        return found, {name: why[name] for name, value in found.items() if value is None}

    def _cost(self, misses: int, false_alarms: int) -> float:
        asked = self._question
        whole = asked.cost_false_negative * misses + asked.cost_false_positive * false_alarms
        return whole / self._samples

    def _reasons(self) -> dict[str, str]:
        """Why a figure is None, if it is."""
        name = self._question.names[self._question.positive]
        none = f"the split has no sample of '{name}'"
        neither = f"{none}, and none is predicted to be"
        return {
            **dict.fromkeys(("roc_auc", "pr_auc", "balanced_accuracy"), ONE_CLASS),
            "precision": f"no sample is predicted to be '{name}'",
            "recall": none,
            "specificity": f"all samples of the split are of '{name}'",
            **dict.fromkeys(("f1", "f_beta"), neither),
            "matthews_corrcoef": class_figures.matthews_corrcoef(self._confusion)[1],
        }

    def _curve(self, cuts: ranking.Cuts, metrics: Mapping[str, float | None]) -> dict[str, Any]:
        """The one curve, and the point of the threshold on it."""
        asked = self._question
        roc_auc, pr_auc = metrics["roc_auc"], metrics["pr_auc"]
        assert roc_auc is not None, "both classes are there"
        assert pr_auc is not None, "both classes are there"
        curve = Curve(
            ranking.roc_points(cuts), ranking.precision_recall_points(cuts), roc_auc, pr_auc
        )
        hits, misses, false_alarms, rejected = self._counts
        rate = false_alarms / (false_alarms + rejected)
        point = rate, hits / (hits + misses), metrics["precision"]
        return {CURVES: {asked.names[asked.positive]: curve}, POINT: point}

    def _caption(self, mistake: Mapping[str, Any]) -> str:
        asked, true = self._question, mistake["true"]
        names = [shortened(name) for name in asked.names]
        share = f"{names[asked.positive]} {mistake['share']:.0%}"
        return f"{names[true]}\nseen as {names[1 - true]}\n{share}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _f_beta(hits: int, misses: int, false_alarms: int, beta: float) -> float | None:
    if not hits + misses + false_alarms:
        return None
    counts = np.array([[hits], [false_alarms], [misses]])
    return float(thresholds.f_beta(counts[0], counts[1], counts[2], beta)[0])
