"""The same learning rate at every step, after the warm-up if there is one."""

from typing import TYPE_CHECKING, Literal

from fmtool.schedules.base import ScheduleConfig, with_warmup

if TYPE_CHECKING:
    import keras


class Config(ScheduleConfig):
    name: Literal["constant"]


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "float | keras.optimizers.schedules.LearningRateSchedule":
    return with_warmup(learning_rate, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs)
