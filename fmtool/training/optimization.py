"""Optimizer, schedule and regularizer of a run, put together from their configs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fmtool import options
from fmtool.compat import private_keras
from fmtool.metric import Metric
from fmtool.optimizers.base import OptimizerConfig, exclude_from_weight_decay
from fmtool.regularizers.base import RegularizerConfig
from fmtool.regularizers.shared.apply import apply
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
    lookahead: Any = None

    def learning_rate(self) -> LearningRate:
        """To be asked for between steps: at the begin of each epoch."""
        if not self._is_plateau:
            return LearningRate(self.schedule)
        import keras

        factor = float(keras.ops.convert_to_numpy(self.schedule.factor))
        return LearningRate(self.schedule.schedule, factor)

    def callback(self, metric: Metric) -> Any:
        """The Keras callback of a schedule that follows a metric, else None."""
        follow = options.schedule(self.schedule_cfg.name).callback
        return None if follow is None else follow(self.schedule_cfg, self.schedule, metric=metric)

    @property
    def averages(self) -> bool:
        """True where training ends with other weights than those of its last step."""
        return self._has_average or self.lookahead is not None

    def averaged_weights(self) -> list[Any]:
        """The variables that `take_average` assigns to; the optimizer must have been built."""
        if self.lookahead is not None:
            return list(self.lookahead.weights)
        return private_keras.trained_variables(self.optimizer)

    def take_average(self) -> None:
        """Puts the slow weights, or the moving average, in the place of the weights."""
        if self.lookahead is not None:
            self.lookahead.finalize()
        elif self._has_average:
            import keras

            averages = private_keras.averages(self.optimizer)
            for weight, average in zip(self.averaged_weights(), averages, strict=True):
                # A copy: on JAX both would be the same buffer, which the next step gives away.
                weight.assign(keras.ops.convert_to_numpy(average.value).copy())

    @property
    def _has_average(self) -> bool:
        return bool(getattr(self.optimizer, "use_ema", False))

    @property
    def _is_plateau(self) -> bool:
        return options.schedule(self.schedule_cfg.name).attach is not None


def planned_rate(
    schedule_cfg: ScheduleConfig,
    optimizer_cfg: OptimizerConfig,
    *,
    steps_per_epoch: int,
    epochs: int,
    step: int,
) -> float | None:
    """The learning rate at a step as a schedule plans it; None where it follows a metric."""
    own = options.schedule(schedule_cfg.name)
    if own.attach is not None:
        return None
    schedule = own.build(
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
    own = options.schedule(schedule_cfg.name)
    schedule = own.build(
        schedule_cfg,
        learning_rate=optimizer_cfg.learning_rate,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
    )
    optimizer = options.optimizer(optimizer_cfg.name).build(optimizer_cfg, schedule)
    if own.attach is not None:
        own.attach(schedule, optimizer)
    if optimizer_cfg.exclude_bias_and_norm:
        exclude_from_weight_decay(optimizer, network.trainable_variables)
    _apply_patterns(optimizer, optimizer_cfg, network.trainable_variables, steps_per_epoch)
    penalty = options.regularizer(regularizer_cfg.name).build(regularizer_cfg)
    apply(network, penalty, regularizer_cfg.max_norm, layers=regularizer_cfg.layers)
    if regularizer_cfg.gradient_noise:
        from fmtool.regularizers.shared.gradient_noise import add_gradient_noise

        add_gradient_noise(optimizer, eta=regularizer_cfg.gradient_noise, seed=seed)
    lookahead = _lookahead(network, optimizer_cfg, total_steps=steps_per_epoch * epochs)
    return Optimization(optimizer, schedule, schedule_cfg, lookahead)


def _lookahead(network: Any, cfg: OptimizerConfig, *, total_steps: int) -> Any:
    if cfg.lookahead_steps is None:
        return None
    from fmtool.training.lookahead import Lookahead

    return Lookahead(
        network.weights,
        steps=cfg.lookahead_steps,
        alpha=cfg.lookahead_alpha,
        growth=cfg.lookahead_growth,
        total_steps=total_steps,
    )


def _apply_patterns(
    optimizer: Any, cfg: OptimizerConfig, variables: Sequence[Any], steps_per_epoch: int
) -> None:
    """Learning rates and last epochs of single variables; a factor of 0 leaves none to train."""
    from fmtool.optimizers.shared.selected import by_pattern, freeze, scale_learning_rates

    factors = by_pattern(
        cfg.learning_rate_factors, variables, key="optimizer.learning_rate_factors"
    )
    ends = by_pattern(cfg.freeze_after, variables, key="optimizer.freeze_after")
    if factors:
        scale_learning_rates(optimizer, factors)
    frozen = [(variable, 0) for variable, factor in factors if not factor]
    frozen += [(variable, round(epochs * steps_per_epoch)) for variable, epochs in ends]
    if frozen:
        freeze(optimizer, frozen)
