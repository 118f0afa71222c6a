"""The report on a classifier's logits: the same figures on every backend, computed in NumPy.

Of each sample a few numbers are kept, and one mean is taken at the end, so that figures do not
depend on the size of a batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.class_names import shortened
from fmtool.tasks.shared import class_figures, ranking
from fmtool.tasks.shared.class_curves import AUCS, CURVES, mean_area, tell_apart
from fmtool.tasks.shared.class_figures import ONE_CLASS, Found
from fmtool.tasks.shared.mistakes import Mistakes
from fmtool.tasks.shared.reporting import Report, require_measurable

TOP_5 = "top_5_accuracy"

_Floats = NDArray[np.float64]


@dataclass
class _OfSamples:
    """Arrays of (b,) by batch: what is averaged at the end."""

    true_log_probability: list[_Floats] = field(default_factory=list)
    confidence: list[_Floats] = field(default_factory=list)
    squared_error: list[_Floats] = field(default_factory=list)
    is_right: list[NDArray[np.bool_]] = field(default_factory=list)
    is_in_top_5: list[NDArray[np.bool_]] = field(default_factory=list)


class ClassMeter:
    """Takes logits (b, k) and labels (b,), each in [0, k).

    `loss` is the mean cross-entropy in nats, without smoothing, weights or penalty, whatever loss
    a model was trained with: so runs and gates can be compared. Of equal logits the lower class
    comes first.

    `_macro` averages are over the classes that have samples in the split, `_macro_all` ones over
    all classes, and `absent_classes` names the difference. A figure that nothing defines is None,
    and `undefined` says why, in the report and in the entry of a class; within an average it
    counts as 0, since a class that is never predicted must not raise the mean of the others.

    Args:
        impossible: metrics that are never defined for these classes, with the reason.
        max_score_bytes: see `ranking.Scores`.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        *,
        impossible: Mapping[str, str],
        max_score_bytes: int = ranking.MAX_BYTES,
    ) -> None:
        classes = len(class_names)
        self._names, self._impossible = class_names, impossible
        self._of_samples = _OfSamples()
        self._confusion = np.zeros((classes, classes), np.int64)
        self._scores = ranking.Scores(classes, max_bytes=max_score_bytes)
        self._mistakes = Mistakes()
        self._samples = self._not_finite = 0

    def add(self, outputs: NDArray[np.float32], y: NDArray[np.integer[Any]]) -> None:
        is_finite = np.isfinite(outputs).all(axis=1)
        if not is_finite.all():
            self._not_finite += int(np.sum(~is_finite))
        elif not self._not_finite and len(y):
            self._add(outputs, y)
        self._samples += len(y)

    def _add(self, logits: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> None:
        log_probabilities, probabilities = _log_softmax(logits)
        predicted = logits.argmax(axis=1)
        confidence = np.exp(log_probabilities.max(axis=1))
        is_true = np.arange(logits.shape[1]) == labels[:, None]
        found = self._of_samples
        found.true_log_probability.append(_of_true_class(log_probabilities, labels))
        found.confidence.append(confidence)
        found.squared_error.append(np.square(probabilities - is_true).sum(axis=1))
        found.is_right.append(predicted == labels)
        if TOP_5 not in self._impossible:
            found.is_in_top_5.append(_rank_of_true_class(logits, labels) < 5)
        self._confusion += class_figures.confusion_matrix(labels, predicted, len(self._names))
        self._scores.add(probabilities, is_true)
        wrong = np.flatnonzero(predicted != labels)
        self._mistakes.add(
            row=self._samples + wrong,
            true=labels[wrong],
            predicted=predicted[wrong],
            confidence=confidence[wrong],
        )

    def report(self) -> Report:
        require_measurable(self._samples, not_finite=self._not_finite, what="logits")
        metrics, undefined = self._figures()
        found = Found.of_confusion(self._confusion)
        entries = class_figures.per_class(found, self._names)
        curves = tell_apart(entries, self._scores.cuts())
        for name in AUCS:
            metrics[f"{name}_macro"] = mean_area(entries, name)
            if metrics[f"{name}_macro"] is None:
                undefined[f"{name}_macro"] = ONE_CLASS
        bins = self._scores.bins
        return Report(
            samples=self._samples,
            metrics=metrics,
            undefined=undefined,
            details={
                "absent_classes": found.absent(self._names),
                "per_class": entries,
                "confusion_matrix": self._confusion.tolist(),
                **({} if bins is None else {"auc_bins": bins}),
            },
            brief=("absent_classes",),
            sheets=self._mistakes.sheets(self._samples, self._caption),
            unprinted={CURVES: curves},
        )

    def _figures(self) -> tuple[dict[str, float | None], dict[str, str]]:
        """All but those of curves, and why one is None."""
        found = self._of_samples
        is_right = np.concatenate(found.is_right)
        undefined = dict(self._impossible)
        # Logarithms of probabilities are never positive; a minus would turn 0.0 into -0.0.
        metrics: dict[str, float | None] = {
            "loss": abs(np.mean(np.concatenate(found.true_log_probability)).item()),
            "accuracy": np.mean(is_right).item(),
        }
        in_top_5 = found.is_in_top_5
        metrics[TOP_5] = np.mean(np.concatenate(in_top_5)).item() if in_top_5 else None
        metrics |= class_figures.averages(Found.of_confusion(self._confusion))
        metrics["balanced_accuracy"] = metrics["recall_macro"]
        for figure in (class_figures.matthews_corrcoef, class_figures.cohen_kappa):
            metrics[figure.__name__], why = figure(self._confusion)
            if why:
                undefined[figure.__name__] = why
        # Of two classes both errors are the same one.
        half = 0.5 if len(self._names) == 2 else 1.0
        metrics["brier"] = half * np.mean(np.concatenate(found.squared_error)).item()
        confidence = np.concatenate(found.confidence)
        gap = class_figures.expected_calibration_error(confidence, is_right)
        metrics["expected_calibration_error"] = gap
        return metrics, undefined

    def _caption(self, mistake: Mapping[str, Any]) -> str:
        true, predicted = (self._names[mistake[which]] for which in ("true", "predicted"))
        return f"{shortened(true)}\nseen as {shortened(predicted)}\n{mistake['confidence']:.0%}"


def _log_softmax(logits: NDArray[np.float32]) -> tuple[_Floats, _Floats]:
    """Logarithms of probabilities, and probabilities."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    shifted -= np.log(sums)
    return shifted, powers / sums


def _of_true_class(values: NDArray[Any], labels: NDArray[np.integer[Any]]) -> NDArray[Any]:
    return np.take_along_axis(values, labels[:, None], axis=1)[:, 0]


def _rank_of_true_class(
    logits: NDArray[np.float32], labels: NDArray[np.integer[Any]]
) -> NDArray[np.int64]:
    true = _of_true_class(logits, labels)[:, None]
    is_lower_class = np.arange(logits.shape[1]) < labels[:, None]
    ahead = (logits > true) | ((logits == true) & is_lower_class)
    return np.asarray(ahead.sum(axis=1), dtype=np.int64)
