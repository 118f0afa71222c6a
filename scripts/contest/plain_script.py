"""The script that a user writes without fmtool: a small CNN on CIFAR-10, Keras alone.

    python plain_script.py X_TRAIN.npy Y_TRAIN.npy X_TEST.npy Y_TEST.npy --epochs 10

`fit` shuffles in every epoch and measures test accuracy after it. A line of JSON for each epoch
says so, with the seconds spent on the test images so far. With `--first-step` it ends after a
single step. KERAS_BACKEND chooses the backend.
"""

import argparse
import json
import os
import sys
import time
from typing import Any

import numpy as np

if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
    # As where TensorFlow is not installed; Keras would import it too.
    sys.modules["tensorflow"] = None  # type: ignore[assignment]

import keras

BATCH_SIZE = 64


class Report(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Prints the line of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self._test_seconds = self._began = 0.0

    def on_test_begin(self, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_test_end(self, logs: Any = None) -> None:
        self._test_seconds += time.perf_counter() - self._began

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = {"epoch": epoch + 1, **(logs or {}), "test_seconds": self._test_seconds}
        print(json.dumps(row), flush=True)


def network() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arrays", nargs=4)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=int, help="only so many training images")
    parser.add_argument("--first-step", action="store_true")
    arguments = parser.parse_args()
    keras.utils.set_random_seed(arguments.seed)
    x, y, x_test, y_test = (np.load(each) for each in arguments.arrays)
    x, y = x[: arguments.images], y[: arguments.images]
    x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255
    model = network()
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(
        x,
        y,
        batch_size=BATCH_SIZE,
        epochs=1 if arguments.first_step else arguments.epochs,
        steps_per_epoch=1 if arguments.first_step else None,
        validation_data=None if arguments.first_step else (x_test, y_test),
        callbacks=[Report()],
        verbose=0,
    )


if __name__ == "__main__":
    main()
