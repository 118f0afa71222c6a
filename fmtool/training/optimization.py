"""Optimizer, schedule and regularizer of a run, put together from their configs."""

from dataclasses import dataclass
from typing import Any

from fmtool import registry
from fmtool.optimizers.base import OptimizerConfig, exclude_from_weight_decay
from fmtool.regularizers.apply import apply
from fmtool.regularizers.base import RegularizerConfig
from fmtool.schedules.base import ScheduleConfig


@dataclass
class LearningRate:
    """The learning rate at a step, on the host, without touching state that a step has donated."""

    schedule: Any
    factor: float = 1.0

    def at(self, step: int) -> float:
        import keras

        value = self.schedule(step) if callable(self.schedule) else self.schedule
        return float(keras.ops.convert_to_numpy(value)) * self.factor


@dataclass
class Optimization:
    """An optimizer ready for `compile`, and what its schedule needs while training."""

    optimizer: Any
    schedule: Any
    schedule_cfg: ScheduleConfig

    def learning_rate(self) -> LearningRate:
        """To be asked for between steps: at the begin of each epoch."""
        if not self._is_plateau:
            return LearningRate(self.schedule)
        import keras

        factor = float(keras.ops.convert_to_numpy(self.schedule.factor))
        return LearningRate(self.schedule.schedule, factor)

    def callback(self, *, monitor: str, mode: str) -> Any:
        """The Keras callback of a schedule that follows a metric, else None."""
        if not self._is_plateau:
            return None
        module = registry.module("schedule", self.schedule_cfg.name)
        return module.callback(self.schedule_cfg, self.schedule, monitor=monitor, mode=mode)

    @property
    def averages(self) -> bool:
        """Whether the optimizer keeps a moving average of the weights."""
        return bool(getattr(self.optimizer, "use_ema", False))

    @property
    def _is_plateau(self) -> bool:
        return hasattr(registry.module("schedule", self.schedule_cfg.name), "attach")


def planned_rate(
    schedule_cfg: ScheduleConfig,
    optimizer_cfg: OptimizerConfig,
    *,
    steps_per_epoch: int,
    epochs: int,
    step: int,
) -> float | None:
    """The learning rate at a step as a schedule plans it; None where it follows a metric."""
    module = registry.module("schedule", schedule_cfg.name)
    if hasattr(module, "attach"):
        return None
    schedule = module.build(
        schedule_cfg,
        learning_rate=optimizer_cfg.learning_rate,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
    )
    return LearningRate(schedule).at(step)


def build(
    network: Any,
    optimizer_cfg: OptimizerConfig,
    schedule_cfg: ScheduleConfig,
    regularizer_cfg: RegularizerConfig,
    *,
    steps_per_epoch: int,
    epochs: int,
    seed: int,
) -> Optimization:
    """Also puts penalties and bounds on the kernels of the built `network`."""
    schedules = registry.module("schedule", schedule_cfg.name)
    schedule = schedules.build(
        schedule_cfg,
        learning_rate=optimizer_cfg.learning_rate,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
    )
    optimizer = registry.module("optimizer", optimizer_cfg.name).build(optimizer_cfg, schedule)
    if hasattr(schedules, "attach"):
        schedules.attach(schedule, optimizer)
    if optimizer_cfg.exclude_bias_and_norm:
        exclude_from_weight_decay(optimizer, network.trainable_variables)
    penalty = registry.module("regularizer", regularizer_cfg.name).build(regularizer_cfg)
    apply(network, penalty, regularizer_cfg.max_norm)
    if regularizer_cfg.gradient_noise:
        from fmtool.regularizers.gradient_noise import add_gradient_noise

        add_gradient_noise(optimizer, eta=regularizer_cfg.gradient_noise, seed=seed)
    return Optimization(optimizer, schedule, schedule_cfg)
