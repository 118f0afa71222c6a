"""What a classifier's logits are worth: the same figures on every backend, computed in NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError, Diverged

TOP_5 = "top_5_accuracy"
RATIOS = ("precision", "recall", "f1")
"""The figures that each class has."""
MACRO, MACRO_ALL = "macro", "macro_all"
"""Endings of the averages over the classes that have samples, and over all of them."""

_CALIBRATION_BINS = 15

_Floats = NDArray[np.float64]


def classification_report(
    logits: NDArray[np.float32], labels: NDArray[np.integer[Any]], class_names: Sequence[str]
) -> dict[str, Any]:
    """Every figure of an evaluation as plain Python values.

    `loss` is the mean cross-entropy in nats, without smoothing, weights or penalty, whatever loss
    a model was trained with: so runs and gates can be compared. Of equal logits the lower class
    comes first.

    `_macro` averages are over the classes that have samples in the split, `_macro_all` ones over
    all classes, and `absent_classes` names the difference. A figure that nothing defines is None,
    and `undefined` says why, in the report and in the entry of a class; within an average it
    counts as 0, since a class that is never predicted must not raise the mean of the others.

    Args:
        logits: (n, k).
        labels: (n,), each in [0, k).

    Raises:
        DataError: there are no samples.
        Diverged: a logit is NaN or infinite.
    """
    if not len(labels):
        raise DataError("the split has no samples to evaluate", fix="choose another split")
    is_finite = np.isfinite(logits).all(axis=1)
    if not is_finite.all():
        raise Diverged(
            f"the logits of {np.sum(~is_finite)} of {len(labels)} samples are NaN or infinite",
            fix="train again with a lower learning rate",
        )
    log_probabilities = _log_softmax(logits)
    predicted = logits.argmax(axis=1)
    confusion = _confusion_matrix(labels, predicted, len(class_names))
    report: dict[str, Any] = {
        "samples": len(labels),
        # Logarithms of probabilities are never positive; a minus would turn 0.0 into -0.0.
        "loss": abs(np.mean(_of_true_class(log_probabilities, labels)).item()),
        "accuracy": np.mean(predicted == labels).item(),
    }
    undefined: dict[str, str] = {}
    if len(class_names) > 5:
        report[TOP_5] = np.mean(_rank_of_true_class(logits, labels) < 5).item()
    else:
        report[TOP_5] = None
        undefined[TOP_5] = f"with {len(class_names)} classes it is always 1"
    confidence = np.exp(log_probabilities.max(axis=1))
    return {
        **report,
        **_per_class_figures(confusion, class_names),
        "expected_calibration_error": _calibration_error(confidence, predicted == labels),
        "confusion_matrix": confusion.tolist(),
        "undefined": undefined,
    }


def _log_softmax(logits: NDArray[np.float32]) -> _Floats:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def _of_true_class(values: NDArray[Any], labels: NDArray[np.integer[Any]]) -> NDArray[Any]:
    return np.take_along_axis(values, labels[:, None], axis=1)[:, 0]


def _rank_of_true_class(
    logits: NDArray[np.float32], labels: NDArray[np.integer[Any]]
) -> NDArray[np.int64]:
    true = _of_true_class(logits, labels)[:, None]
    is_lower_class = np.arange(logits.shape[1]) < labels[:, None]
    ahead = (logits > true) | ((logits == true) & is_lower_class)
    return np.asarray(ahead.sum(axis=1), dtype=np.int64)


def _confusion_matrix(
    labels: NDArray[np.integer[Any]], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """(k, k): rows are true classes, columns predicted ones."""
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def _per_class_figures(confusion: NDArray[np.int64], class_names: Sequence[str]) -> dict[str, Any]:
    hits, support = confusion.diagonal(), confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    parts = {"precision": predicted, "recall": support, "f1": predicted + support}
    shares = {
        name: _ratio(2 * hits if name == "f1" else hits, whole) for name, whole in parts.items()
    }
    occurs = support > 0
    averages = {
        **{f"{name}_{MACRO}": shares[name][occurs].mean().item() for name in RATIOS},
        **{f"{name}_{MACRO_ALL}": shares[name].mean().item() for name in RATIOS},
        **{f"{name}_weighted": np.average(shares[name], weights=support).item() for name in RATIOS},
    }
    entries = []
    for index, class_name in enumerate(class_names):
        undefined = {name: _WHY[name] for name in RATIOS if not parts[name][index]}
        figures = {
            name: None if name in undefined else shares[name][index].item() for name in RATIOS
        }
        entry = {"name": class_name, **figures, "support": support[index].item()}
        entries.append({**entry, "undefined": undefined} if undefined else entry)
    absent = [name for name, is_there in zip(class_names, occurs, strict=True) if not is_there]
    return {**averages, "absent_classes": absent, "per_class": entries}


_WHY = {
    "precision": "no sample is predicted to be of this class",
    "recall": "the split has no sample of this class",
    "f1": "the split has no sample of this class, and none is predicted to be",
}
"""Why a figure of a class is undefined."""


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> _Floats:
    """`part / whole`, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


def _calibration_error(confidence: _Floats, is_right: NDArray[np.bool_]) -> float:
    """Guo et al. 2017, On Calibration of Modern Neural Networks, eq. 3: bins of equal width."""
    bins = np.ceil(confidence * _CALIBRATION_BINS).astype(np.int64) - 1
    gaps = np.bincount(bins, weights=is_right - confidence, minlength=_CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidence))
