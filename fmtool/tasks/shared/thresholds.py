"""The score from which on a sample is taken to be of a class, and the rules that choose it.

Scores are compared as logits: a sample is of the class where its logit, float32, is at least the
log-odds of the threshold, rounded to float32. NumPy, the graph of an exported file and its twin
compare the same two numbers, so that labels are equal wherever logits are.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError
from fmtool.runs.layout import CALIBRATION
from fmtool.tasks.shared.ranking import Cuts

_Floats = NDArray[np.float64]


def log_odds(probability: float) -> float:
    """The log odds of a probability between 0 and 1, rounded to float32."""
    return float(np.float32(math.log(probability) - math.log1p(-probability)))


def probabilities(logits: NDArray[Any]) -> _Floats:
    """float64, of the same shape."""
    exact = np.exp(-np.abs(logits, dtype=np.float64))
    return np.asarray(np.where(logits >= 0, 1.0, exact) / (1 + exact), np.float64)


def logits_of(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits of probabilities that a file gives, of the same shape; finite for 0 and 1 too."""
    smallest, largest = np.finfo(np.float32).tiny, 1 - np.finfo(np.float32).epsneg
    exact = np.clip(shares, smallest, largest).astype(np.float64)
    return np.asarray(np.log(exact) - np.log1p(-exact), np.float32)


def probability(logit: float) -> float:
    """The probability of one logit."""
    return probabilities(np.array([logit])).item()


def cross_entropies(logits: NDArray[Any], is_true: NDArray[np.bool_]) -> _Floats:
    """In nats, float64 of the shape of both, exact where probabilities underflow."""
    signed = np.where(is_true, -logits, logits).astype(np.float64)
    return np.asarray(np.logaddexp(0.0, signed), np.float64)


@dataclass(frozen=True)
class Choices:
    """Every way to cut samples in two by their logits, from none that is found to all.

    Args:
        log_odds: float64 (m,) of float32 values, each in the middle between two samples.
        hits: int64 (m,), samples of the class among those found.
        false_alarms: int64 (m,), others among those found.
    """

    log_odds: _Floats
    hits: NDArray[np.int64]
    false_alarms: NDArray[np.int64]

    @property
    def misses(self) -> NDArray[np.int64]:
        """Samples of the class that are not found, int64 (m,)."""
        return np.asarray(self.hits[-1] - self.hits, np.int64)


def choices(cuts: Cuts) -> Choices:
    """The choices that there are for samples cut by their logits.

    A threshold lies in the middle between the logits of two samples, so that neither is a matter
    of rounding; 1 beyond the outermost ones.
    """
    ends = cuts.thresholds
    above = np.nextafter(ends[0].astype(np.float32), np.float32(np.inf)).astype(np.float64)
    ends = np.concatenate([[max(ends[0] + 2, above)], ends, [ends[-1] - 2]])
    middle = ((ends[:-1] + ends[1:]) / 2).astype(np.float32)
    # Between neighbours of float32 there is no middle.
    middle = np.where(middle > ends[1:], middle, ends[:-1])
    zero = np.zeros(1, np.int64)
    return Choices(
        middle.astype(np.float64),
        np.concatenate([zero, cuts.hits]),
        np.concatenate([zero, cuts.false_alarms]),
    )


def f_beta(
    hits: NDArray[Any], false_alarms: NDArray[Any], misses: NDArray[Any], beta: float
) -> _Floats:
    """F-beta (van Rijsbergen 1979); 0 where nothing defines it."""
    square = beta**2
    whole = (1 + square) * hits + false_alarms + square * misses
    shares = np.divide((1 + square) * hits, whole, out=np.zeros(len(hits)), where=whole > 0)
    return np.asarray(shares, np.float64)


def best_f_beta(found: Choices, beta: float) -> int:
    """The place of the highest F-beta; of equal ones of the highest threshold."""
    return int(np.argmax(f_beta(found.hits, found.false_alarms, found.misses, beta)))


def cheapest(found: Choices, *, false_negative: float, false_positive: float) -> int:
    """The place of the least cost; of equal ones of the highest threshold."""
    return int(np.argmin(false_negative * found.misses + false_positive * found.false_alarms))


def at_false_positive_rate(found: Choices, rate: float) -> int:
    """The place of the highest recall with a false positive rate of at most `rate`."""
    allowed = found.false_alarms <= rate * found.false_alarms[-1]
    return int(np.argmax(np.where(allowed, found.hits, -1)))


def at_recall(found: Choices, rate: float) -> int:
    """The place of the highest threshold with a recall of at least `rate`."""
    return int(np.argmax(found.hits >= rate * found.hits[-1]))


def number_of(about: Mapping[str, Any], name: str, check: Callable[[float], bool]) -> float:
    """A number of what a file says of its task; DataError for anything else."""
    value = about.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not check(value):
        raise DataError(
            f"{name} of the task is {value!r}, not what was written there",
            fix="export the model again",
        )
    return float(value)


def reached(chosen: Mapping[str, str], names: Sequence[str]) -> dict[str, float]:
    """Figures of the validation split by the thresholds that were chosen there.

    Args:
        chosen: text by file name, as `calibrate` gave it; nothing is known without.
    """
    found = json.loads(chosen.get(CALIBRATION, "{}")).get("reached", {})
    return {name: found[name] for name in names if found.get(name) is not None}
