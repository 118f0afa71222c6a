"""The learning rate times `factor` whenever the monitored metric has stopped improving.

Keras' ReduceLROnPlateau with the factor kept in the optimizer's state: exact on every backend,
in checkpoints, and behind a warm-up. After the optimizer is made, call `attach` on the schedule,
then train with `callback`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fmtool.config.base import NonNegativeFloat, NonNegativeInt
from fmtool.errors import UsageError
from fmtool.metric import Metric
from fmtool.notices import counted
from fmtool.schedules.base import ScheduleConfig, with_warmup

if TYPE_CHECKING:
    import keras

    from fmtool.schedules.shared.curves import Plateau
    from fmtool.schedules.shared.plateau_callback import LowerOnPlateau


class Config(ScheduleConfig):
    name: Literal["reduce_on_plateau"]
    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: NonNegativeInt
    """Epochs without improvement before the learning rate falls."""
    min_delta: NonNegativeFloat
    """A smaller change of the metric is no improvement."""
    cooldown: NonNegativeInt
    """Epochs after a fall during which none is counted."""
    min_lr: NonNegativeFloat

    def remarks(self, *, epochs: int) -> Iterator[str]:
        # The first epoch is always the best so far, and a fall after the last one is of no use.
        if max(self.patience, 1) + 1 >= epochs:
            yield (
                f"schedule.patience={self.patience}: the learning rate cannot fall within "
                f"{counted(epochs, 'epoch')}"
            )


def build(cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int) -> "Plateau":
    from fmtool.schedules.shared.curves import Plateau

    if cfg.min_lr > learning_rate:
        raise UsageError(
            f"schedule.min_lr {cfg.min_lr:g} is above the learning rate {learning_rate:g}",
            fix="lower schedule.min_lr or raise optimizer.learning_rate",
        )
    return Plateau(
        with_warmup(learning_rate, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs),
        minimum=cfg.min_lr / learning_rate,
    )


def attach(schedule: "Plateau", optimizer: "keras.optimizers.Optimizer") -> None:
    """Give `optimizer` the variable that `schedule` multiplies the learning rate by.

    To be called once, right after the optimizer is made from the schedule, so that a checkpoint
    finds the same variables in the same order when training is resumed.
    """
    schedule.attach(optimizer)


def callback(cfg: Config, schedule: "Plateau", *, metric: Metric) -> "LowerOnPlateau":
    """The Keras callback that lowers the learning rate of an attached `schedule`."""
    from fmtool.schedules.shared.plateau_callback import LowerOnPlateau

    return LowerOnPlateau(
        schedule,
        metric=metric,
        factor=cfg.factor,
        patience=cfg.patience,
        min_delta=cfg.min_delta,
        cooldown=cfg.cooldown,
    )
