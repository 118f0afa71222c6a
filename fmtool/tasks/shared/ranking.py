"""The ranking of samples of a class before all others by a score: ROC, precision and recall.

A score is one column, (n,), or one for each class, (n, k): then each class is told from the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 1 << 28
"""Memory for scores that are kept exactly; beyond it they are counted in bins."""

MAX_BINS = 4096
"""Largest number of bins a class has, evenly spaced in log-odds."""

_MIN_BINS = 256
_MAX_LOG_ODDS = 20.0
_POINTS_DRAWN = 400

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cuts:
    """The samples found at each threshold, from the highest to the lowest, which finds all.

    Args:
        thresholds: float64 (m,); a sample is found whose score is at least that.
        hits: int64 (m,), samples of the class among those found.
        false_alarms: int64 (m,), others among those found.
    """

    thresholds: _Floats
    hits: NDArray[np.int64]
    false_alarms: NDArray[np.int64]

    @property
    def positives(self) -> int:
        return int(self.hits[-1]) if len(self.hits) else 0

    @property
    def negatives(self) -> int:
        return int(self.false_alarms[-1]) if len(self.false_alarms) else 0

    @property
    def undefined(self) -> str:
        """The reason why neither curve says anything; empty where both do."""
        if not self.positives:
            return "the split has no sample of this class"
        return "" if self.negatives else "the split has no sample of another class"


def cuts_of(scores: NDArray[Any], is_true: NDArray[np.bool_]) -> Cuts:
    """A cut at each of the values of `scores`, (n,); samples of one score are found together."""
    order = np.argsort(-scores, kind="stable")
    ranked, found = scores[order], is_true[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else order
    hits = np.cumsum(found, dtype=np.int64)[ends]
    return Cuts(ranked[ends].astype(np.float64), hits, ends + 1 - hits)


def roc_auc(cuts: Cuts) -> float | None:
    """The share of pairs, one of the class and one not, that are ranked right; of ties half."""
    if cuts.undefined:
        return None
    before = np.concatenate([[0], cuts.hits[:-1]])
    widths = np.diff(cuts.false_alarms, prepend=0)
    twice = int(np.sum(widths * (cuts.hits + before)))
    return twice / (2 * cuts.positives * cuts.negatives)


def average_precision(cuts: Cuts) -> float | None:
    """The precision at each threshold, weighted by what recall gains there."""
    if cuts.undefined:
        return None
    gains = np.diff(cuts.hits, prepend=0) / cuts.positives
    return float(np.sum(gains * cuts.hits / (cuts.hits + cuts.false_alarms)))


def best_f1_threshold(cuts: Cuts) -> float | None:
    """The threshold at which F1 is highest, of several the highest; None where none finds any."""
    if not cuts.positives:
        return None
    f1 = 2 * cuts.hits / (cuts.hits + cuts.false_alarms + cuts.positives)
    return float(cuts.thresholds[np.argmax(f1)])


def roc_points(cuts: Cuts) -> tuple[_Floats, _Floats]:
    """Shares (m,) of false alarms among negatives, and of hits among positives, from 0 to 1."""
    some = _drawn(len(cuts.hits))
    right = np.append(0.0, cuts.hits[some] / cuts.positives)
    return np.append(0.0, cuts.false_alarms[some] / cuts.negatives), right


def precision_recall_points(cuts: Cuts) -> tuple[_Floats, _Floats]:
    """Recall and precision (m,), by rising recall."""
    some = _drawn(len(cuts.hits))
    hits = cuts.hits[some]
    return hits / cuts.positives, hits / (hits + cuts.false_alarms[some])


def _drawn(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, _POINTS_DRAWN)).astype(np.int64))


class Scores:
    """Scores of classes, collected batch by batch, for a cut through each class.

    They are kept as float32, 5 bytes for each sample and class, until that would take more than
    `max_bytes`; from then on they are counted in bins, and so is what was kept.

    Args:
        classes: columns of scores; a score is a probability.
    """

    def __init__(self, classes: int, *, max_bytes: int = MAX_BYTES) -> None:
        self._classes, self._max_bytes = classes, max_bytes
        self._kept: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
        self._bytes = 0
        self._counts: NDArray[np.int64] | None = None

    def add(self, scores: NDArray[Any], is_true: NDArray[Any]) -> None:
        """Takes scores of (b, classes), or (b,) of one class, and which of them are of samples of
        the class, of the same shape."""
        scores = scores.reshape(len(scores), -1).astype(np.float32)
        is_true = is_true.reshape(scores.shape).astype(np.bool_)
        if self._counts is None:
            self._kept.append((scores, is_true))
            self._bytes += scores.nbytes + is_true.nbytes
            if self._bytes > self._max_bytes:
                self._begin_counting()
        else:
            self._count(scores, is_true)

    @property
    def bins(self) -> int | None:
        """In how many bins the scores of a class were counted; None where they were kept."""
        return None if self._counts is None else self._counts.shape[-1]

    def cuts(self) -> Iterator[Cuts]:
        """For each class in order."""
        if self._counts is not None:
            yield from map(self._cuts_of_bins, range(self._classes))
        elif self._kept:
            # Columns side by side in memory: each is sorted on its own.
            scores = np.concatenate([kept for kept, _ in self._kept]).T.copy()
            is_true = np.concatenate([kept for _, kept in self._kept]).T
            yield from map(cuts_of, scores, is_true)

    def _begin_counting(self) -> None:
        bins = int(np.clip(self._max_bytes // (16 * self._classes), _MIN_BINS, MAX_BINS))
        self._counts = np.zeros((2, self._classes, bins), np.int64)
        for scores, is_true in self._kept:
            self._count(scores, is_true)
        self._kept = []

    def _count(self, scores: NDArray[np.float32], is_true: NDArray[np.bool_]) -> None:
        assert self._counts is not None, "only where bins are counted"
        bins = self._counts.shape[-1]
        exact = scores.astype(np.float64)
        with np.errstate(divide="ignore"):
            log_odds = np.log(exact) - np.log1p(-exact)
        places = ((log_odds / _MAX_LOG_ODDS + 1) / 2 * bins).clip(0, bins - 1).astype(np.int64)
        cells = np.arange(self._classes) * bins + places
        for which, flat in enumerate((cells[is_true], cells[~is_true])):
            counted = np.bincount(flat, minlength=self._classes * bins)
            self._counts[which] += counted.reshape(self._classes, bins)

    def _cuts_of_bins(self, column: int) -> Cuts:
        assert self._counts is not None, "only where bins are counted"
        hits, false_alarms = self._counts[:, column, ::-1]
        bins = len(hits)
        edges = (2 * np.arange(bins) / bins - 1)[::-1] * _MAX_LOG_ODDS
        some = np.flatnonzero(hits + false_alarms)
        return Cuts(
            1 / (1 + np.exp(-edges[some])),
            np.cumsum(hits)[some],
            np.cumsum(false_alarms)[some],
        )
