"""Samples as the network is given them, where a task makes something else of them."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import ReadImages, Stored
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Element, Record
from fmtool.tasks.base import Task
from fmtool.trees import mapped


def as_seen(splits: Splits, task: Task[Any]) -> Splits:
    """`splits` by what the network sees of the training samples, which it is fitted to."""
    element, stored = task.input(splits.element), splits.train
    if element is splits.element:
        return splits
    x: Stored
    if isinstance(element, Record):
        fields = element.fields.items()
        x = {name: _SeenSamples(stored, task, each, name) for name, each in fields}
    else:
        x = _SeenSamples(stored, task, element)
    return replace(splits, element=element, train=replace(stored, x=x))


def tensors_of(stored: Any, rows: Any) -> Any:
    """The rows, integers or a slice, of samples or targets as a step has them: backend tensors."""

    def tensor(array: Any) -> Any:
        chosen = np.asarray(array[rows])
        return keras.ops.convert_to_tensor(chosen, dtype=str(chosen.dtype))

    return mapped(tensor, stored)


class _SeenSamples(ReadImages):
    def __init__(
        self, stored: Split, task: Task[Any], element: Element, field: str | None = None
    ) -> None:
        super().__init__((len(stored), *element.shape))
        self.dtype = np.dtype(element.dtype)
        self._stored, self._task, self._field = stored.x, task, field

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        seen = self._task.as_input(tensors_of(self._stored, rows))
        one = seen if self._field is None else seen[self._field]
        return np.asarray(keras.ops.convert_to_numpy(one), self.dtype)
