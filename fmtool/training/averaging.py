"""Lets validation judge the moving average of the weights, which is what training ends with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


class AverageInValidation(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Exchanges weights and average during validation, bit by bit.

    Keras' SwapEMAWeights exchanges them on TensorFlow by adding and subtracting, which rounds.
    """

    def __init__(self, optimizer: Any) -> None:
        super().__init__()
        self._optimizer = optimizer

    def on_test_begin(self, logs: Any = None) -> None:
        self._exchange()

    def on_test_end(self, logs: Any = None) -> None:
        self._exchange()

    def _exchange(self) -> None:
        weights = self._optimizer._trainable_variables
        averages = self._optimizer._model_variables_moving_average
        for weight, average in zip(weights, averages, strict=True):
            kept = keras.ops.convert_to_numpy(weight.value).copy()
            weight.assign(keras.ops.convert_to_numpy(average.value).copy())
            average.assign(kept)


@contextmanager
def weights_kept(optimizer: Any) -> Iterator[None]:
    """Within, `fit` does not end by putting the average in the place of the weights.

    Training goes on from them, in another `fit`; which weights are saved in the end is decided
    by whoever saves.
    """
    optimizer.finalize_variable_values = lambda _: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values
