"""Losses of a classifier, a value for each sample; imported where Keras is.

Labels are integers (batch,), or distributions (batch, classes) where samples are mixed.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

Loss = Callable[[Any, Any], Any]
"""Maps labels and logits (batch, classes) to (batch,)."""
Distance = Callable[[Any, Any], Any]
"""Maps targets and logarithms of probabilities, both (batch, classes), to (batch,)."""

_SMALLEST = 1e-7


def cross_entropy(num_classes: int, smoothing: float) -> Loss:
    def loss(labels: Any, logits: Any) -> Any:
        if not smoothing and len(labels.shape) < 2:
            return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        # Szegedy et al. 2016: (1 - s) on the label, s / classes on every class.
        log_p = ops.log_softmax(logits, axis=-1)
        hit = ops.sum(_distributions(labels, num_classes, log_p.dtype) * log_p, axis=-1)
        return -(1 - smoothing) * hit - smoothing * ops.mean(log_p, axis=-1)

    return loss


def distance_to_targets(distance: Distance, num_classes: int, smoothing: float) -> Loss:
    """The `distance` from labels, smoothed as for cross-entropy, to what softmax gives."""

    def loss(labels: Any, logits: Any) -> Any:
        log_p = ops.log_softmax(logits, axis=-1)
        targets = _distributions(labels, num_classes, log_p.dtype)
        return distance((1 - smoothing) * targets + smoothing / num_classes, log_p)

    return loss


def focal(gamma: float) -> Distance:
    """Cross-entropy with each term times (1 - p) ** gamma (Lin et al. 2017, arXiv:1708.02002)."""

    def distance(targets: Any, log_p: Any) -> Any:
        # Above 0, where the derivative of a power below 1 has no bound.
        missing = ops.maximum(1 - ops.exp(log_p), _SMALLEST)
        return -ops.sum(targets * missing**gamma * log_p, axis=-1)

    return distance


def squared(targets: Any, log_p: Any) -> Any:
    """The mean over the classes, as for the two that follow."""
    return keras.losses.mean_squared_error(targets, ops.exp(log_p))


def absolute(targets: Any, log_p: Any) -> Any:
    return keras.losses.mean_absolute_error(targets, ops.exp(log_p))


def huber(delta: float) -> Distance:
    """Half of the square up to an error of `delta`, linear from there (Huber 1964)."""

    def distance(targets: Any, log_p: Any) -> Any:
        return keras.losses.huber(targets, ops.exp(log_p), delta=delta)

    return distance


def _distributions(labels: Any, num_classes: int, dtype: str) -> Any:
    if len(labels.shape) < 2:
        return ops.one_hot(labels, num_classes, dtype=dtype)
    return ops.cast(labels, dtype)
