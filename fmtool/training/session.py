"""Everything a training needs in memory: data on the device, the compiled model, its feeds."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from fmtool import backend, registry
from fmtool.data.selection import Selection, selection_of
from fmtool.data.splits import Split, Splits
from fmtool.schema import RuntimeConfig, TrainConfig
from fmtool.training import monitor as monitors

_DISPATCH_SECONDS = 0.5
_LONGEST_DISPATCH = 32
"""Steps; more gained nothing measurable."""
_SLOW_FLOPS = {"cpu": 2e10, "gpu": 1e12}
"""Floating-point operations a second that even convolutions on JAX reach."""


@dataclass(frozen=True)
class Data:
    """A data set and which of its training rows a run trains and validates on."""

    splits: Splits
    selection: Selection

    @property
    def validation(self) -> tuple[Split, np.ndarray[Any, np.dtype[np.int32]]] | None:
        """The split validated on and its rows, None for no validation."""
        own = self.splits.validation
        if own is not None:
            return own, np.arange(len(own), dtype=np.int32)
        if len(self.selection.validation):
            return self.splits.train, self.selection.validation
        return None


@dataclass
class Session:
    """A compiled training, ready for its first step."""

    cfg: TrainConfig
    data: Data
    network: Any
    model: Any
    optimization: Any
    plan: Any
    train_table: Any
    validation_feed: Any
    monitor: monitors.Monitor

    def train_feed(self, *, start: int = 0) -> Any:
        """What `fit` is fed; `start` batches of each epoch are left out."""
        from fmtool.training.feed import feed

        return feed(self.plan, self.train_table, start=start)


def load_data(cfg: TrainConfig) -> Data:
    """Needs no Keras. Raises DataError or Unavailable; may download."""
    from fmtool.data.check import validate_labels

    splits: Splits = registry.module("data", cfg.data.name).load(cfg.data)
    named = (("train", splits.train), ("validation", splits.validation), ("test", splits.test))
    for name, split in named:
        if split is not None:
            validate_labels(split.y, num_classes=splits.num_classes, split=name)
    return Data(splits, selection_of(splits, cfg.data, seed=cfg.seed))


def prepare(cfg: TrainConfig, data: Data) -> Session:
    """Imports Keras, builds and compiles. Raises UsageError where parts do not fit together.

    The session's config has every `auto` of the runtime replaced by what was chosen.
    """
    assert isinstance(cfg.batch_size, int), "auto is resolved before"
    runtime = backend.select(cfg.runtime)

    from fmtool.training import network as networks
    from fmtool.training import optimization as optimizations
    from fmtool.training.feed import Plan, feed
    from fmtool.training.indexed_model import IndexedModel, to_device
    from fmtool.training.seeding import seed_everything

    seed_everything(cfg.seed)
    network = networks.build(cfg.model, cfg.data, data.splits, data.selection.train)
    augmentation = registry.module("augment", cfg.augment.name)
    draws = augmentation.draws(cfg.augment)
    plan = Plan(data.selection.train, cfg.batch_size, cfg.seed, draws, shuffles=True)
    optimization = optimizations.build(
        network,
        cfg.optimizer,
        cfg.schedule,
        cfg.regularizer,
        steps_per_epoch=plan.steps,
        epochs=cfg.epochs,
        seed=cfg.seed,
    )
    train_table = validation_table = to_device(data.splits.train)
    validation_feed = None
    if data.validation is not None:
        split, rows = data.validation
        if split is not data.splits.train:
            validation_table = to_device(split)
        batch_size = even_batch_size(len(rows), cfg.eval_batch_size)
        validation_feed = feed(Plan(rows, batch_size), validation_table)
    augment = augmentation.build(cfg.augment, data.splits.input_shape)
    model = IndexedModel(network, augment, train_table, validation_table)
    runtime = _compile(model, cfg, runtime, optimization.optimizer, data, plan.batch_size)
    monitor = monitors.resolve(cfg.monitor, has_validation=data.validation is not None)
    return Session(
        cfg=cfg.model_copy(update={"runtime": runtime}),
        data=data,
        network=network,
        model=model,
        optimization=optimization,
        plan=plan,
        train_table=train_table,
        validation_feed=validation_feed,
        monitor=monitors.Monitor(monitor),
    )


def _compile(
    model: Any,
    cfg: TrainConfig,
    runtime: RuntimeConfig,
    optimizer: Any,
    data: Data,
    batch_size: int,
) -> RuntimeConfig:
    """Compiles `model`; gives `runtime` with what `auto` came to."""
    task = registry.module("task", cfg.task.name)
    steps = _steps_per_dispatch(runtime, model.network, data, batch_size)
    model.compile(
        optimizer=optimizer,
        loss=task.loss(cfg.task, data.splits.num_classes),
        metrics=task.metrics(),
        jit_compile=runtime.jit,
        steps_per_execution=steps,
    )
    chosen = {"steps_per_dispatch": steps, "jit": bool(model.jit_compile)}
    return runtime.model_copy(update=chosen)


def even_batch_size(count: int, limit: int) -> int:
    """The largest divisor of `count` from half of `limit` to `limit`, else `limit`.

    Batches of one size compile once and leave no small one behind.
    """
    for size in range(min(limit, count), limit // 2, -1):
        if count % size == 0:
            return size
    return limit


def _steps_per_dispatch(runtime: RuntimeConfig, network: Any, data: Data, batch_size: int) -> int:
    """As many steps as take about half a second, so that signals and progress are seen in time."""
    if runtime.backend == "torch":
        return 1
    if runtime.steps_per_dispatch != "auto":
        return runtime.steps_per_dispatch
    images = np.asarray(data.splits.train.x[:batch_size])
    if runtime.backend == "jax":
        seconds = _estimated_forward_seconds(network, images, runtime.device)
    else:
        seconds = _forward_seconds(network, images)
    # A step, forward and backward, costs about three forward passes.
    return max(1, min(_LONGEST_DISPATCH, int(_DISPATCH_SECONDS / (3 * seconds))))


def _estimated_forward_seconds(
    network: Any, images: np.ndarray[Any, np.dtype[np.uint8]], device: str
) -> float:
    """From the operation count, as compiling on JAX takes longer than the answer is worth."""
    import jax

    def forward(trainable: Any, non_trainable: Any, batch: Any) -> Any:
        return network.stateless_call(trainable, non_trainable, batch, training=False)[0]

    state = (
        [each.value for each in variables]
        for variables in (network.trainable_variables, network.non_trainable_variables)
    )
    cost = jax.jit(forward).lower(*state, images).cost_analysis() or {}
    return float(cost.get("flops", 0.0)) / _SLOW_FLOPS[device] + 1e-5


def _forward_seconds(network: Any, images: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    """The best of three compiled passes over a batch, on TensorFlow."""
    import tensorflow as tf

    forward = tf.function(lambda batch: network(batch, training=False))
    forward(images)
    timings = []
    for _ in range(3):
        began = time.perf_counter()
        forward(images).numpy()
        timings.append(time.perf_counter() - began)
    return min(timings)
