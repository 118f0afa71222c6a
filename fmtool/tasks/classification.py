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
    """Mean cross-entropy of logits (batch, classes) against integer labels (batch,)."""
    import keras

    if not cfg.label_smoothing:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="loss")
    smoothing = cfg.label_smoothing

    def smoothed(labels: Any, logits: Any) -> Any:
        # Szegedy et al. 2016: (1 - s) on the label, s / classes on every class.
        log_p = keras.ops.log_softmax(logits, axis=-1)
        target = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), num_classes, dtype=log_p.dtype)
        hit = keras.ops.sum(target * log_p, axis=-1)
        return -(1 - smoothing) * hit - smoothing * keras.ops.mean(log_p, axis=-1)

    return smoothed


def metrics() -> list[Any]:
    import keras

    return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
