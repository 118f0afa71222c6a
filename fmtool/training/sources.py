"""The place of the samples that a run trains and validates on, and their batches."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fmtool.data.splitting.splits import Split
from fmtool.schema import TrainConfig
from fmtool.tasks.base import Task
from fmtool.training import storage
from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.source import DeviceDataset
from fmtool.training.step.table import Table, to_device

Rows = NDArray[np.int32]


def place(
    cfg: TrainConfig,
    plan: BatchPlan,
    split: Split,
    validation: tuple[Split, Rows] | None,
    task: Task[Any],
) -> tuple[TrainConfig, DeviceDataset, DeviceDataset | None]:
    """The sources of training and validation, and the config with the place that `auto` came to.

    Args:
        plan: of the training epochs, on rows of `split`.
        validation: the split validated on, which may be the same, and its rows.
        task: says how targets lie there, and what it draws for a sample.
    """
    held_out = [] if validation is None or validation[0] is split else [validation[0]]
    splits = [Split(each.x, task.encode(each.y)) for each in (split, *held_out)]
    where = storage.place_of(cfg.data.storage, splits, device=cfg.runtime.device)
    if where == "host":
        splits = [storage.in_memory(each) for each in splits]
    tables: list[Table | None] = [None] * len(splits)
    if where == "device":
        # On JAX a step is given the table, elsewhere what is traced must find it.
        is_given = keras.backend.backend() == "jax"
        tables = [Table(each) if is_given else to_device(each) for each in splits]
    data = cfg.data.model_copy(update={"storage": where})
    cfg = cfg.model_copy(update={"data": data})
    train = DeviceDataset(plan, splits[0], tables[0])
    if validation is None:
        return cfg, train, None
    rows = validation[1]
    size = even_batch_size(len(rows), cfg.eval_batch_size)
    batches = BatchPlan(rows, size, seed=cfg.seed, draws=task.draws)
    return cfg, train, DeviceDataset(batches, splits[-1], tables[-1])


def even_batch_size(count: int, limit: int) -> int:
    """The largest divisor of `count` from half of `limit` to `limit`, else `limit`.

    Batches of one size compile once and leave no small one behind.
    """
    for size in range(min(limit, count), limit // 2, -1):
        if count % size == 0:
            return size
    return limit
