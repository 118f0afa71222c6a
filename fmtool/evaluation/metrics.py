"""What a classifier's logits are worth: the same figures on every backend, computed in NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError, Diverged

_CALIBRATION_BINS = 15

_Floats = NDArray[np.float64]


def classification_report(
    logits: NDArray[np.float32], labels: NDArray[np.integer[Any]], class_names: Sequence[str]
) -> dict[str, Any]:
    """Every figure of an evaluation as plain Python values; a ratio over nothing counts as 0.

    `loss` is the mean cross-entropy in nats, without smoothing, weights or penalty, whatever loss
    a model was trained with: so runs and gates can be compared. Macro averages are
    over all classes. Of equal logits the lower class comes first.

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
    if len(class_names) > 5:
        report["top_5_accuracy"] = np.mean(_rank_of_true_class(logits, labels) < 5).item()
    confidence = np.exp(log_probabilities.max(axis=1))
    return {
        **report,
        **_per_class_figures(confusion, class_names),
        "expected_calibration_error": _calibration_error(confidence, predicted == labels),
        "confusion_matrix": confusion.tolist(),
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
    hits = confusion.diagonal().astype(np.float64)
    support = confusion.sum(axis=1)
    figures = {
        "precision": _ratio(hits, confusion.sum(axis=0)),
        "recall": _ratio(hits, support),
    }
    figures["f1"] = _ratio(2 * hits, confusion.sum(axis=0) + support)
    averages = {f"{name}_macro": values.mean().item() for name, values in figures.items()} | {
        f"{name}_weighted": np.average(values, weights=support).item()
        for name, values in figures.items()
    }
    per_class = [
        {
            "name": class_name,
            **{name: values[index].item() for name, values in figures.items()},
            "support": support[index].item(),
        }
        for index, class_name in enumerate(class_names)
    ]
    return {**averages, "per_class": per_class}


def _ratio(part: _Floats, whole: NDArray[np.int64]) -> _Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def _calibration_error(confidence: _Floats, is_right: NDArray[np.bool_]) -> float:
    """Guo et al. 2017, On Calibration of Modern Neural Networks, eq. 3: bins of equal width."""
    bins = np.ceil(confidence * _CALIBRATION_BINS).astype(np.int64) - 1
    gaps = np.bincount(bins, weights=is_right - confidence, minlength=_CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(confidence))
