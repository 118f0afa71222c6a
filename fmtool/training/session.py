"""Everything a training needs in memory: data on the device, the compiled model, its feeds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fmtool import backend, options, registry
from fmtool.data.splitting import loading
from fmtool.data.splitting.loading import Data
from fmtool.matching import require_fit, require_learned, require_matching
from fmtool.metric import Metric, of_rows
from fmtool.notices import note
from fmtool.schema import TrainConfig
from fmtool.training import monitor as monitors


@dataclass
class Session:
    """A compiled training, ready for its first step.

    Args:
        final: see `averaging.FinalWeights`.
        train, validation: see `indexed_model.Source`; no validation is None.
    """

    cfg: TrainConfig
    data: Data
    network: Any
    model: Any
    optimization: Any
    final: Any
    train: Any
    validation: Any
    monitor: monitors.Monitor
    own_callbacks: Mapping[str, Any]
    """Of the user, by name."""

    @property
    def watched(self) -> Metric:
        """What callbacks follow: where the last epoch is the best one there is still a loss."""
        cfg = self.cfg.task
        return self.monitor.metric or options.task(cfg.name).training_metrics(cfg)[0]

    @property
    def plan(self) -> Any:
        """The `feed.Plan` of the training epochs."""
        return self.train.plan

    def train_feed(self, *, start: int = 0) -> AbstractContextManager[Any]:
        """What `fit` is fed; `start` batches of each epoch are left out."""
        return _feed_of(self.train, start=start, length=self.model.steps_per_execution)

    @contextmanager
    def validation_feed(self) -> Iterator[Any]:
        """What `fit` is given to validate on; None for no validation."""
        if self.validation is None:
            yield None
            return
        with _feed_of(self.validation) as feed:
            yield feed


@contextmanager
def _feed_of(source: Any, *, start: int = 0, length: int = 1) -> Iterator[Any]:
    from fmtool.training.step.feed import feed, sample_feed

    if source.table is not None:
        yield feed(source.plan, start=start, length=length)
        return
    with sample_feed(source.plan, source.split, start=start, length=length) as samples:
        yield samples


def load_data(cfg: TrainConfig) -> Data:
    """What `loading.load` gives and raises, with the weights of the classes.

    Raises UsageError too where it does not go together with the model or the keys of `task`.
    """
    data = loading.load(cfg.data, seed=cfg.seed)
    splits = data.splits
    require_matching(cfg, splits.element.kind)
    require_learned(cfg, splits.target.kind)
    require_fit(cfg.model, splits.element)
    task = registry.module("task", cfg.task.name)
    labels = splits.train.y[data.selection.train]
    return replace(data, class_weights=task.class_weights(cfg.task, labels, splits.class_names))


def _monitor(cfg: TrainConfig, *, has_validation: bool) -> monitors.Monitor:
    task = options.task(cfg.task.name)
    training = task.training_metrics(cfg.task)
    return monitors.Monitor(
        monitors.resolve(cfg.monitor, of_rows(training), has_validation=has_validation),
        loss=cfg.task.loss_name(),
        headline=monitors.headline(training, task.report_metrics(cfg.task)),
    )


def require_effect(cfg: TrainConfig, data: Data) -> None:
    """UsageError for a key that a run of this length ends before; the batch size is a number."""
    assert isinstance(cfg.batch_size, int), "auto is resolved before"
    steps = max(1, len(data.selection.train) // cfg.batch_size)
    for part in (cfg.optimizer, cfg.schedule):
        part.require_effect(steps_per_epoch=steps, epochs=cfg.epochs)


def prepare(cfg: TrainConfig, data: Data) -> Session:
    """Imports Keras, builds and compiles. Raises UsageError where parts do not fit together.

    The session's config has every `auto` replaced by what was chosen.
    """
    batch_size = cfg.batch_size
    assert isinstance(batch_size, int), "auto is resolved before"
    is_convolutional = options.model(cfg.model.name).IS_CONVOLUTIONAL
    runtime = backend.select(cfg.runtime, is_convolutional=is_convolutional)
    cfg = cfg.model_copy(update={"runtime": runtime})

    from fmtool.augment.stages import pipeline
    from fmtool.training import optimization as optimizations
    from fmtool.training import sources
    from fmtool.training.averaging import FinalWeights
    from fmtool.training.batch_statistics import BatchStatistics
    from fmtool.training.callbacks import own_callbacks
    from fmtool.training.step.plan import plan_of

    cfg, network = _build(cfg, data)
    splits = data.splits
    augment = pipeline.build(cfg.augment, splits.element, splits.num_classes)
    wanted = cfg.logging.every_n_steps, cfg.callbacks.checkpoint.every_steps
    stops = tuple(each for each in wanted if each)
    plan = plan_of(data.selection.train, batch_size, augment, seed=cfg.seed, stops=stops)
    cfg, train, validation = sources.place(cfg, plan, splits.train, data.validation)
    optimization = optimizations.build(
        network,
        cfg.optimizer,
        cfg.schedule,
        cfg.regularizer,
        steps_per_epoch=plan.steps,
        epochs=cfg.epochs,
        seed=cfg.seed,
    )
    final = FinalWeights(optimization, BatchStatistics(network, optimization.lookahead))
    own = own_callbacks.build(cfg.callbacks.own)
    cfg = _with_single_steps(cfg, own_callbacks.wanting_every_batch(own))
    cfg, model = _compile(cfg, network, train, validation, augment, optimization, data)
    monitor = _monitor(cfg, has_validation=validation is not None)
    return Session(
        cfg=cfg,
        data=data,
        network=network,
        model=model,
        optimization=optimization,
        final=final,
        train=train,
        validation=validation,
        monitor=monitor,
        own_callbacks=own,
    )


def _with_single_steps(cfg: TrainConfig, names: Sequence[str]) -> TrainConfig:
    """`cfg` with one step per dispatch where callbacks with these names look at every batch."""
    runtime = cfg.runtime
    if not names or runtime.steps_per_dispatch == 1:
        return cfg
    if runtime.backend != "torch":
        note(f"callbacks.own: {', '.join(names)}: called at every batch, so one step per dispatch")
    runtime = runtime.model_copy(update={"steps_per_dispatch": 1})
    return cfg.model_copy(update={"runtime": runtime})


def _build(cfg: TrainConfig, data: Data) -> tuple[TrainConfig, Any]:
    """The network, in the precision that `auto` comes to for it."""
    from fmtool.training import network as networks
    from fmtool.training.seeding import name_afresh, seed_everything

    rows = data.selection.train
    scaling = networks.scaling(cfg.model, cfg.data, data.splits, rows)
    option = options.task(cfg.task.name)
    task = option.build(cfg.task, data.splits.target, data.splits.train.y[rows])

    def build() -> Any:
        # What is built twice shall have the names and seeds of what is built once.
        name_afresh()
        seed_everything(cfg.seed)
        return networks.build(cfg.model, data.splits, rows, scaling, task, needs=option.NEEDS)

    network = build()
    if cfg.runtime.precision != "auto":
        return cfg, network
    assert isinstance(cfg.batch_size, int)
    runtime = backend.choose_precision(cfg.runtime, network, batch_size=cfg.batch_size)
    return cfg.model_copy(update={"runtime": runtime}), build()


def _compile(
    cfg: TrainConfig,
    network: Any,
    train: Any,
    validation: Any,
    augment: Any,
    optimization: Any,
    data: Data,
) -> tuple[TrainConfig, Any]:
    """The model, compiled, and the config with what `auto` came to."""
    import keras

    from fmtool.training.step import dispatch
    from fmtool.training.step.indexed_model import IndexedModel, Parts

    images = np.asarray(data.splits.train.x[: train.plan.batch_size])
    weights = data.class_weights
    parts = Parts(
        network=network,
        train=train,
        validation=validation,
        augment=augment,
        loops=dispatch.loops_on_device(network, images, cfg.runtime.device),
        lookahead=optimization.lookahead,
        class_weights=None if weights is None else keras.ops.convert_to_tensor(weights),
    )
    model = IndexedModel(parts)
    task = registry.module("task", cfg.task.name)
    steps = dispatch.steps_per_dispatch(cfg, network, images, train.plan.steps)
    model.compile(
        optimizer=optimization.optimizer,
        loss=task.loss(cfg.task, data.splits.num_classes),
        metrics=task.metrics(),
        jit_compile=cfg.runtime.jit,
        steps_per_execution=steps,
    )
    chosen = {"steps_per_dispatch": steps, "jit": bool(model.jit_compile)}
    runtime = cfg.runtime.model_copy(update=chosen)
    return cfg.model_copy(update={"runtime": runtime}), model
