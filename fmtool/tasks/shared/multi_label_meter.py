"""The report on logits of classes of which a sample has any number, computed in NumPy.

Of each sample a few numbers are kept, and one mean is taken at the end, so that figures do not
depend on the size of a batch.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.class_names import shortened
from fmtool.tasks.shared import class_figures, ranking, thresholds
from fmtool.tasks.shared.class_curves import CURVES, mean_area, tell_apart
from fmtool.tasks.shared.class_figures import RATIOS, Found
from fmtool.tasks.shared.mistakes import Mistakes
from fmtool.tasks.shared.reporting import Report, require_measurable

_Floats = NDArray[np.float64]


class MultiLabelMeter:
    """Takes logits (b, k) and zeros and ones (b, k).

    `loss` is the mean cross-entropy in nats over samples and classes, without smoothing, weights or
    penalty, whatever loss a model was trained with. `_macro` averages are over the classes that
    have samples in the split; in them a precision that nothing defines counts as 0. A figure that
    nothing defines is None, and `undefined` says why, in the report and in the entry of a class.

    Args:
        log_odds: float64 (k,); a sample with such a logit of a class, or a higher one, is of it.
        max_score_bytes: see `ranking.Scores`.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        log_odds: NDArray[Any],
        *,
        max_score_bytes: int = ranking.MAX_BYTES,
    ) -> None:
        classes = len(class_names)
        self._names, self._log_odds = class_names, log_odds
        self._losses: list[_Floats] = []
        self._wrong: list[NDArray[np.int64]] = []
        zero = np.zeros(classes, np.int64)
        self._found = Found(zero, zero, zero)
        self._scores = ranking.Scores(classes, max_bytes=max_score_bytes)
        self._mistakes = Mistakes()
        self._samples = self._not_finite = 0

    def add(self, outputs: NDArray[np.float32], y: NDArray[Any]) -> None:
        is_finite = np.isfinite(outputs).all(axis=1)
        if not is_finite.all():
            self._not_finite += int(np.sum(~is_finite))
        elif not self._not_finite and len(y):
            self._add(outputs, y.astype(np.bool_))
        self._samples += len(y)

    def _add(self, logits: NDArray[np.float32], is_true: NDArray[np.bool_]) -> None:
        is_found = logits >= self._log_odds.astype(np.float32)
        is_wrong, shares = is_found != is_true, thresholds.probabilities(logits)
        self._losses.append(thresholds.cross_entropies(logits, is_true).mean(axis=1))
        self._wrong.append(is_wrong.sum(axis=1))
        before = self._found
        self._found = Found(
            before.hits + (is_true & is_found).sum(axis=0),
            before.support + is_true.sum(axis=0),
            before.predicted + is_found.sum(axis=0),
        )
        self._scores.add(shares, is_true)
        surest = np.where(is_wrong, np.where(is_found, shares, 1 - shares), -1.0)
        wrong, place = np.flatnonzero(is_wrong.any(axis=1)), surest.argmax(axis=1)
        self._mistakes.add(
            row=self._samples + wrong,
            confidence=surest[wrong, place[wrong]],
            place=place[wrong],
            is_found=is_found[wrong, place[wrong]],
        )

    def report(self) -> Report:
        require_measurable(self._samples, not_finite=self._not_finite, what="logits")
        entries = class_figures.per_class(self._found, self._names)
        curves = tell_apart(entries, self._scores.cuts())
        for entry, log_odds in zip(entries, self._log_odds, strict=True):
            entry["threshold"] = thresholds.probability(float(log_odds))
        metrics = self._metrics(entries)
        bins, why = self._scores.bins, self._reasons()
        return Report(
            samples=self._samples,
            metrics=metrics,
            undefined={name: why[name] for name, value in metrics.items() if value is None},
            details={
                "absent_classes": self._found.absent(self._names),
                "per_class": entries,
                **({} if bins is None else {"auc_bins": bins}),
            },
            brief=("absent_classes",),
            sheets=self._mistakes.sheets(self._samples, self._caption),
            unprinted={CURVES: curves},
        )

    def _metrics(self, entries: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
        wrong, found = np.concatenate(self._wrong), self._found
        occurs, shares = found.support > 0, found.shares()
        counts = (found.hits, found.support, found.predicted)
        whole = Found(*(each.sum(keepdims=True) for each in counts))
        metrics: dict[str, float | None] = {
            "mean_average_precision": mean_area(entries, "pr_auc"),
            "loss": float(np.mean(np.concatenate(self._losses))),
        }
        for name in reversed(RATIOS):
            is_known = whole.parts()[name][0] > 0
            metrics[f"{name}_macro"] = float(shares[name][occurs].mean()) if occurs.any() else None
            metrics[f"{name}_micro"] = float(whole.shares()[name][0]) if is_known else None
        return metrics | {
            "subset_accuracy": float(np.mean(wrong == 0)),
            "hamming_loss": float(np.mean(wrong)) / len(self._names),
            "roc_auc_macro": mean_area(entries, "roc_auc"),
        }

    def _reasons(self) -> dict[str, str]:
        """Why a figure is None, if it is."""
        none, alike = (
            "no sample of the split has a class",
            "no class has samples with it and samples without it",
        )
        return {
            **dict.fromkeys(("mean_average_precision", "roc_auc_macro"), alike),
            **dict.fromkeys((f"{name}_macro" for name in RATIOS), none),
            "precision_micro": "no class is predicted for any sample",
            "recall_micro": none,
            "f1_micro": f"{none}, and none is predicted",
        }

    def _caption(self, mistake: Mapping[str, Any]) -> str:
        what = "wrongly found" if mistake["is_found"] else "missed"
        return f"{shortened(self._names[mistake['place']])}\n{what}\n{mistake['confidence']:.0%}"
