"""Weights that a training ends with, and validates, in the place of those of its last step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from fmtool.training.batch_statistics import BatchStatistics
from fmtool.training.callbacks.recorder import Recorder
from fmtool.training.optimization import Optimization


@dataclass(frozen=True)
class FinalWeights:
    """Moving averages or slow weights for the weights, and statistics freed of their start."""

    optimization: Optimization
    statistics: BatchStatistics

    @property
    def is_other(self) -> bool:
        """True where a training can end with other values than those of its last step."""
        return self.optimization.averages or bool(self.statistics.variables())

    def variables(self) -> list[Any]:
        """Those that `take` assigns to, each once; the optimizer must have been built."""
        found = self.statistics.variables()
        if self.optimization.averages:
            found += self.optimization.averaged_weights()
        return list({id(each): each for each in found}.values())

    def take(self, step: int) -> None:
        """Puts them in the place of the weights of after so many training steps of the run."""
        self.optimization.take_average()
        self.statistics.free(step)


class FinalWeightsInValidation(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is untyped
    """Puts what training would end with in the place of the weights during validation.

    Training goes on from the bits that it had. Keras' SwapEMAWeights exchanges averages on
    TensorFlow by adding and subtracting, which rounds.
    """

    def __init__(self, final: FinalWeights, recorder: Recorder) -> None:
        super().__init__()
        self._final, self._recorder = final, recorder
        self._kept: list[tuple[Any, Any]] = []

    def on_test_begin(self, logs: Any = None) -> None:
        for weight in self._final.variables():
            self._kept.append((weight, keras.ops.convert_to_numpy(weight.value).copy()))
        self._final.take(self._recorder.step)

    def on_test_end(self, logs: Any = None) -> None:
        for weight, kept in self._kept:
            weight.assign(kept)
        self._kept.clear()


@contextmanager
def weights_kept(optimizer: Any) -> Iterator[None]:
    """Within, `fit` does not end by putting the average in the place of the weights.

    Training goes on from them, in another `fit`; which weights are saved in the end is decided
    where they are saved.
    """
    optimizer.finalize_variable_values = lambda _: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values
