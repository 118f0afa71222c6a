"""Everything a training needs in memory: data on the device, the compiled model, its feeds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool import backend, options
from fmtool.compat import private_keras
from fmtool.data.splitting import loading
from fmtool.data.splitting.loading import Data
from fmtool.data.splitting.set_label import data_label
from fmtool.errors import UsageError
from fmtool.matching import require_fit, require_learned, require_matching
from fmtool.metric import Metric, of_rows
from fmtool.notices import note
from fmtool.schema import TrainConfig
from fmtool.tasks.base import Task
from fmtool.training import monitor as monitors

if TYPE_CHECKING:
    from fmtool.augment.stages.pipeline import Pipeline
    from fmtool.training.averaging import FinalWeights
    from fmtool.training.optimization import Optimization
    from fmtool.training.step.indexed_model import IndexedModel
    from fmtool.training.step.plan import BatchPlan
    from fmtool.training.step.source import DeviceDataset


@dataclass(frozen=True)
class TaskData(Data):
    """A data set as a run uses it, and the task that is built for it."""

    task: Task[Any]
    label: str
    """The data, for people: the YAML file, or the folder or file of one's own."""

    @property
    def kept(self) -> Mapping[str, str]:
        """Files, by name and content, that a run keeps of what was fitted to its rows."""
        return {**self.splits.artifacts, **self.task.artifacts}


@dataclass
class Session:
    """A compiled training, ready for its first step.

    Args:
        final: see `averaging.FinalWeights`.
        network: a Keras model, which is what is saved.
        validation: None for no validation.
    """

    cfg: TrainConfig
    data: TaskData
    network: Any
    model: "IndexedModel"
    optimization: "Optimization"
    final: "FinalWeights"
    train: "DeviceDataset"
    validation: "DeviceDataset | None"
    monitor: monitors.Monitor
    own_callbacks: Mapping[str, Any]
    """The callbacks of the user, by name."""

    @property
    def watched(self) -> Metric:
        """The metric that callbacks follow: a loss where the last epoch is the best one."""
        cfg = self.cfg.task
        return self.monitor.metric or options.task(cfg.name).training_metrics(cfg)[0]

    @property
    def plan(self) -> "BatchPlan":
        """The plan of the training epochs."""
        return self.train.plan

    def train_feed(self, *, start: int = 0) -> AbstractContextManager[Any]:
        """The feed of `fit`; `start` batches of each epoch are left out."""
        return _feed_of(self.train, start=start, length=self.model.steps_per_execution)

    @contextmanager
    def validation_feed(self) -> Iterator[Any]:
        """The feed that `fit` validates on; None for no validation."""
        if self.validation is None:
            yield None
            return
        with _feed_of(self.validation) as feed:
            yield feed


@contextmanager
def _feed_of(source: "DeviceDataset", *, start: int = 0, length: int = 1) -> Iterator[Any]:
    from fmtool.training.step.feed import feed, sample_feed

    if source.table is not None:
        yield feed(source.plan, start=start, length=length)
        return
    with sample_feed(source.plan, source.split, start=start, length=length) as samples:
        yield samples


def load_data(cfg: TrainConfig, data_option: str | None = None) -> TaskData:
    """The data as `loading.load` gives and raises, with the task of `cfg`, fitted to training rows.

    Raises UsageError too where it does not go together with the model or the keys of `task`.

    Args:
        data_option: the YAML file that the keys of `data` are of, by name.
    """
    data = loading.load(cfg.data, seed=cfg.seed)
    splits = data.splits
    require_learned(cfg, splits.target)
    y = splits.train.y[data.selection.train]
    task = options.task(cfg.task.name).build(cfg.task, splits.target, y)
    seen = task.input(splits.element)
    require_matching(cfg, splits.element.kind, seen=seen.kind)
    require_fit(cfg.model, seen)
    require_mixable(cfg, task)
    return TaskData(splits, data.selection, task, data_label(cfg.data, data_option))


def require_mixable(cfg: TrainConfig, task: Task[Any]) -> None:
    """UsageError where samples would be mixed whose targets have no average."""
    if cfg.augment.mixes and not task.MIXES:
        raise UsageError(
            f"task={cfg.task.name} cannot learn from mixed samples",
            fix="augment.mixup=0 augment.cutmix=0",
        )


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


def prepare(cfg: TrainConfig, data: TaskData) -> Session:
    """Imports Keras, builds and compiles. Raises UsageError where parts do not fit together.

    The session's config has every `auto` replaced by what was chosen.
    """
    is_convolutional = options.model(cfg.model.name).IS_CONVOLUTIONAL
    runtime = backend.select(cfg.runtime, is_convolutional=is_convolutional)
    cfg = cfg.model_copy(update={"runtime": runtime})

    from fmtool.augment.stages import pipeline
    from fmtool.training import optimization as optimizations
    from fmtool.training import sources
    from fmtool.training.averaging import FinalWeights
    from fmtool.training.batch_statistics import BatchStatistics
    from fmtool.training.callbacks import own_callbacks

    cfg, network = _build(cfg, data)
    splits, task = data.splits, data.task
    augment = pipeline.build(cfg.augment, splits.element, task.as_weights)
    plan = _plan(cfg, data, augment)
    cfg, train, validation = sources.place(cfg, plan, splits.train, data.validation, task)
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


def _plan(cfg: TrainConfig, data: TaskData, augment: "Pipeline | None") -> "BatchPlan":
    """The plan of the training epochs, whose dispatches end where something is to be done."""
    from fmtool.training.step.plan import plan_of

    assert isinstance(cfg.batch_size, int), "auto is resolved before"
    wanted = cfg.logging.every_n_steps, cfg.callbacks.checkpoint.every_steps
    return plan_of(
        data.selection.train,
        cfg.batch_size,
        augment,
        seed=cfg.seed,
        task_draws=data.task.draws,
        stops=tuple(each for each in wanted if each),
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


def _build(cfg: TrainConfig, data: TaskData) -> tuple[TrainConfig, Any]:
    """The network, in the precision that `auto` comes to for it."""
    from fmtool.training import network as networks
    from fmtool.training.seeding import seed_everything
    from fmtool.training.seen_samples import as_seen

    rows = data.selection.train
    seen = as_seen(data.splits, data.task)
    scaling = networks.scaling(cfg.model, cfg.data, seen, rows)
    needs = options.task(cfg.task.name).NEEDS

    def build() -> Any:
        # What is built twice shall have the names and seeds of what is built once.
        private_keras.name_afresh()
        seed_everything(cfg.seed)
        return networks.build(cfg.model, seen, rows, scaling, data.task, needs=needs)

    network = build()
    if cfg.runtime.precision != "auto":
        return cfg, network
    assert isinstance(cfg.batch_size, int)
    runtime = backend.choose_precision(cfg.runtime, network, batch_size=cfg.batch_size)
    return cfg.model_copy(update={"runtime": runtime}), build()


def _compile(
    cfg: TrainConfig,
    network: Any,
    train: "DeviceDataset",
    validation: "DeviceDataset | None",
    augment: "Pipeline | None",
    optimization: "Optimization",
    data: TaskData,
) -> tuple[TrainConfig, "IndexedModel"]:
    """The model, compiled, and the config with what `auto` came to."""
    from fmtool.training.step import dispatch
    from fmtool.training.step.indexed_model import IndexedModel, Parts

    inputs = _network_input(data, train.plan.batch_size)
    parts = Parts(
        network=network,
        task=data.task,
        train=train,
        validation=validation,
        augment=augment,
        loops=dispatch.loops_on_device(network, inputs, cfg.runtime.device),
        lookahead=optimization.lookahead,
    )
    model = IndexedModel(parts)
    steps = dispatch.steps_per_dispatch(cfg, network, inputs, train.plan.steps)
    model.compile(
        optimizer=optimization.optimizer,
        jit_compile=cfg.runtime.jit,
        steps_per_execution=steps,
    )
    chosen = {"steps_per_dispatch": steps, "jit": bool(model.jit_compile)}
    runtime = cfg.runtime.model_copy(update=chosen)
    return cfg.model_copy(update={"runtime": runtime}), model


def _network_input(data: TaskData, count: int) -> Any:
    """A batch of so many samples, as the task has the network see them."""
    from fmtool.training.seen_samples import tensors_of

    task, split = data.task, data.splits.train
    rows = slice(count)
    x, y = tensors_of(split.x, rows), tensors_of(task.encode(split.y[rows]), rows)
    draws = tensors_of(np.zeros((len(split.y[rows]), task.draws), np.float32), rows)
    return task.batch(x, y, draws, False)[0]
