"""A training as the torture of fmtool has it, in plain Keras with its own BackupAndRestore."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits


def train(style: str, final: str, report: Callable[[int], None]) -> None:
    """Goes on from the backup in the working directory, if there is one.

    Args:
        style: one of `keras_torture.STYLES`.
        final: the file for the weights at the end.
    """
    keras.utils.set_random_seed(0)
    is_random, save_freq = style != "plain", 7 if style == "steps" else "epoch"
    x, y = load_digits(return_X_y=True)
    x = (x[:320].reshape(-1, 8, 8, 1) / 16).astype("float32")
    y = y[:320].astype("int32")
    model = _model(dropout=0.3 if is_random else 0.0)
    model.fit(
        x[:288],
        y[:288],
        batch_size=12,
        epochs=10,
        shuffle=is_random,
        validation_data=(x[288:], y[288:]),
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore("backup", save_freq=save_freq),
            _Progress(report, steps_per_epoch=288 // 12),
        ],
    )
    np.savez(final, *model.get_weights())


def _model(*, dropout: float) -> Any:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", padding="same"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=loss, metrics=["accuracy"])
    return model


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    def __init__(self, report: Callable[[int], None], *, steps_per_epoch: int) -> None:
        super().__init__()
        self._report, self._steps = report, steps_per_epoch
        self._begin = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begin = epoch * self._steps

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._report(self._begin + batch + 1)
