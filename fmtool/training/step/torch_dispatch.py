"""Many steps of a training on torch in one call; imported where that is the backend."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import torch

from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.table import Arrays
from fmtool.training.step.torch_recording import Step, record
from fmtool.trees import leaves, mapped


class Dispatch:
    """A train or test function for Keras' trainer, of as many steps as it is given batches.

    What is None among the batches stands behind the last one of an epoch.

    The first batch of full size is recorded; see `torch_recording`. Batches of another size, and
    steps that cannot be recorded, run as Keras runs them.

    Args:
        step: on a batch as `indexed_model.DeviceDataset` has it.
        results: the values of all metrics.
        table: on the device; then `fit` is fed the numbers of the steps, `feed.StepNumbers`, else
            the samples themselves.
        state: gives every tensor that a step reads or changes, but for batch and table.
        trains: whether the step computes gradients.
        jit: whether torch.compile compiles the step, which is not recorded then.
    """

    def __init__(
        self,
        step: Step,
        results: Callable[[], Any],
        plan: BatchPlan,
        table: Arrays | None,
        *,
        state: Callable[[], list[Any]],
        trains: bool,
        jit: bool,
    ) -> None:
        self._results, self._plan, self._table, self._state = results, plan, table, state
        self._step = step if trains else torch.no_grad()(step)
        self._recorded: Step | None = torch.compile(self._step) if jit else None
        self._is_tried = jit
        self._epoch: int | None = None
        self._arrays: tuple[Any, Any] = ((), ())

    def __call__(self, batches: Sequence[Sequence[Any]]) -> Any:
        for batch in filter(None, batches):
            tensors = self._tensors(batch)
            if len(tensors[-1]) != self._plan.batch_size:
                self._step(tensors)
                continue
            if not self._is_tried:
                self._recorded = record(self._step, self._everything(), tensors)
                self._is_tried = True
            (self._recorded or self._step)(tensors)
        return self._results()

    def _everything(self) -> list[Any]:
        return [*self._state(), *(each for part in self._table or () for each in leaves(part))]

    def _tensors(self, batch: Sequence[Any]) -> Sequence[Any]:
        if self._table is None:
            return tuple(mapped(keras.ops.convert_to_tensor, part) for part in batch)
        if self._epoch != self._plan.epoch:
            rows, draws = map(keras.ops.convert_to_tensor, self._plan.arrays())
            self._epoch, self._arrays = self._plan.epoch, (rows, draws)
        where = self._plan.batch(int(batch[0]))
        return tuple(each[where] for each in self._arrays)
