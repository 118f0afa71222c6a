"""Figures of classes: precision, recall and F1, their means, agreement, calibration."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATIOS = ("precision", "recall", "f1")
"""The figures that each class has."""
MACRO, MACRO_ALL, WEIGHTED = "macro", "macro_all", "weighted"
"""Endings of the averages over the classes that have samples, over all of them, and over classes
each as often as it has samples."""

ONE_CLASS = "the split has samples of one class only"

_WHY = {
    "precision": "no sample is predicted to be of this class",
    "recall": "the split has no sample of this class",
    "f1": "the split has no sample of this class, and none is predicted to be",
}
"""Why a figure of a class is undefined."""

_CALIBRATION_BINS = 15

_Counts = NDArray[np.int64]


def confusion_matrix(
    labels: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], classes: int
) -> _Counts:
    """(k, k): rows are true classes, columns predicted ones."""
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True)
class Found:
    """Numbers of samples that each class has, and that are found: int64 (k,) each.

    Args:
        hits: samples of the class that are predicted to be of it.
        support: samples of the class.
        predicted: samples that are predicted to be of it.
    """

    hits: _Counts
    support: _Counts
    predicted: _Counts

    @classmethod
    def of_confusion(cls, confusion: _Counts) -> "Found":
        return cls(confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0))

    def absent(self, class_names: Sequence[str]) -> list[str]:
        """Names of the classes that have no sample."""
        pairs = zip(class_names, self.support, strict=True)
        return [name for name, count in pairs if not count]

    def parts(self) -> dict[str, _Counts]:
        """The numbers of samples that precision, recall and F1 are shares of, by class."""
        both = self.predicted + self.support
        return {"precision": self.predicted, "recall": self.support, "f1": both}

    def shares(self) -> dict[str, NDArray[np.float64]]:
        """Precision, recall and F1 by class, 0 where nothing defines one."""
        return {
            name: np.divide(
                2 * self.hits if name == "f1" else self.hits,
                whole,
                out=np.zeros(len(self.hits)),
                where=whole != 0,
            )
            for name, whole in self.parts().items()
        }


def averages(found: Found) -> dict[str, float]:
    """Precision, recall and F1 over the classes; one that nothing defines counts as 0."""
    shares, support = found.shares(), found.support
    occurs = support > 0
    return {
        **{f"{name}_{MACRO}": shares[name][occurs].mean().item() for name in RATIOS},
        **{f"{name}_{MACRO_ALL}": shares[name].mean().item() for name in RATIOS},
        **{
            f"{name}_{WEIGHTED}": np.average(shares[name], weights=support).item()
            for name in RATIOS
        },
    }


def per_class(found: Found, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Name, precision, recall, F1 and support of each class; None with a reason in `undefined`."""
    shares, parts = found.shares(), found.parts()
    entries = []
    for index, class_name in enumerate(class_names):
        undefined = {name: _WHY[name] for name in RATIOS if not parts[name][index]}
        figures = {
            name: None if name in undefined else shares[name][index].item() for name in RATIOS
        }
        entry = {"name": class_name, **figures, "support": found.support[index].item()}
        entries.append({**entry, "undefined": undefined} if undefined else entry)
    return entries


def matthews_corrcoef(confusion: _Counts) -> tuple[float | None, str]:
    """The correlation of true and predicted classes; None with the reason where one is constant."""
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    samples = int(support.sum())
    spread_true = samples**2 - int(support @ support)
    spread_predicted = samples**2 - int(predicted @ predicted)
    if not spread_true:
        return None, ONE_CLASS
    if not spread_predicted:
        return None, "all samples are predicted to be of one class"
    shared = int(confusion.trace()) * samples - int(support @ predicted)
    return shared / math.sqrt(spread_true * spread_predicted), ""


def cohen_kappa(confusion: _Counts) -> tuple[float | None, str]:
    """The agreement of true and predicted classes beyond chance; None where chance alone is 1."""
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    samples, by_chance = int(support.sum()), int(support @ predicted)
    if samples**2 == by_chance:
        return None, "all samples are of one class, and predicted to be"
    return (int(confusion.trace()) * samples - by_chance) / (samples**2 - by_chance), ""


def expected_calibration_error(
    confidence: NDArray[np.float64], is_right: NDArray[np.bool_]
) -> float:
    """Guo et al. 2017, On Calibration of Modern Neural Networks, eq. 3: bins of equal width."""
    bins = np.ceil(confidence * _CALIBRATION_BINS).astype(np.int64) - 1
    gaps = np.bincount(bins, weights=is_right - confidence, minlength=_CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def most_common(per_class: Sequence[Mapping[str, Any]]) -> tuple[str, float]:
    """The name of the class with the most samples, and its share of them all."""
    entry = max(per_class, key=lambda each: each["support"])
    return entry["name"], entry["support"] / sum(each["support"] for each in per_class)


def deviation_of_share(share: float, samples: int) -> float:
    """The standard deviation of what one sample adds to a share of samples.

    One right and one wrong answer are added, as Agresti and Caffo do (2000), so that a share of 0
    or 1 among few samples is not taken for certain.
    """
    smoothed = (share * samples + 1) / (samples + 2)
    return math.sqrt(smoothed * (1 - smoothed))
