"""One label of several for each sample: softmax cross-entropy on logits, accuracy."""

from typing import Any, Literal

from fmtool.config.base import Rate
from fmtool.tasks.base import TaskConfig

TRAINING_METRICS = ("loss", "accuracy")
"""What rows of metrics.jsonl hold; `val_` in front for the validation split."""

REPORT_METRICS = (
    "loss",
    "accuracy",
    "top_5_accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "expected_calibration_error",
)
"""The figures of a report that a gate may name; `top_5_accuracy` needs more than five classes."""


class Config(TaskConfig):
    name: Literal["classification"]
    label_smoothing: Rate


def loss(cfg: Config, num_classes: int) -> Any:
    """Mean cross-entropy of logits (batch, classes) against labels.

    Labels are integers (batch,), or distributions (batch, classes) where samples are mixed.
    """
    import keras
    from keras import ops

    smoothing = cfg.label_smoothing

    def cross_entropy(labels: Any, logits: Any) -> Any:
        if not smoothing and len(labels.shape) < 2:
            return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        # Szegedy et al. 2016: (1 - s) on the label, s / classes on every class.
        log_p = ops.log_softmax(logits, axis=-1)
        if len(labels.shape) < 2:
            labels = ops.one_hot(labels, num_classes, dtype=log_p.dtype)
        hit = ops.sum(ops.cast(labels, log_p.dtype) * log_p, axis=-1)
        return -(1 - smoothing) * hit - smoothing * ops.mean(log_p, axis=-1)

    return cross_entropy


def metrics() -> list[Any]:
    """Of mixed samples, the label with the larger share counts."""
    import keras

    def accuracy(labels: Any, logits: Any) -> Any:
        if len(labels.shape) < 2:
            return keras.metrics.sparse_categorical_accuracy(labels, logits)
        return keras.metrics.categorical_accuracy(labels, logits)

    return [keras.metrics.MeanMetricWrapper(accuracy, name="accuracy")]
