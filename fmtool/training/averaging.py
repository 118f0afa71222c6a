"""Lets validation judge the moving average of the weights, which is what training ends with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from fmtool.training.optimization import Optimization


class AverageInValidation(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Puts what training will end with in the place of the weights during validation.

    Keras' SwapEMAWeights exchanges them on TensorFlow by adding and subtracting, which rounds.

    """

    def __init__(self, optimization: Optimization) -> None:
        super().__init__()
        self._optimization = optimization
        self._kept: list[tuple[Any, Any]] = []

    def on_test_begin(self, logs: Any = None) -> None:
        for weight in self._optimization.averaged_weights():
            self._kept.append((weight, keras.ops.convert_to_numpy(weight.value).copy()))
        self._optimization.take_average()

    def on_test_end(self, logs: Any = None) -> None:
        for weight, kept in self._kept:
            weight.assign(kept)
        self._kept.clear()


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
