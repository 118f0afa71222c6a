"""The samples of a split as a step takes them: from a table on the device, or out of the batch."""

from typing import Any

import keras
import numpy as np

from fmtool.data.splitting.splits import Split
from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.table import Table
from fmtool.trees import mapped


class DeviceDataset:
    """The samples of a split.

    Batches are (rows, draws), on JAX with the table behind them, or without a table
    (samples, targets, draws). Samples and targets are arrays, or trees of arrays.

    Args:
        split: its first sample shows what a batch is made of.
        table: on the device; None where batches hold the samples themselves.
    """

    def __init__(self, plan: BatchPlan, split: Split, table: Table | None) -> None:
        self.plan, self.split, self.table = plan, split, table

    def samples(self, batch: tuple[Any, ...]) -> tuple[Any, Any, Any]:
        """The (samples, targets, draws) of a batch."""
        if self.table is None:
            x, y, draws = batch
            return x, y, draws
        rows, draws = batch[:2]
        x, y = batch[2] if len(batch) > 2 else self.table.arrays()

        def taken(array: Any) -> Any:
            return keras.ops.take(array, rows, axis=0)

        return mapped(taken, x), mapped(taken, y), draws

    def one(self) -> tuple[Any, Any, Any]:
        """As `samples`, of a batch of one sample, whose draws are 0."""
        draws = np.zeros((1, self.plan.draws), np.float32)
        return mapped(_first, self.split.x), mapped(_first, self.split.y), _first(draws)


def _first(array: Any) -> Any:
    first = np.asarray(array[:1])
    return keras.ops.convert_to_tensor(first, dtype=str(first.dtype))
