"""The learning rate times `factor` after every `drop_epochs` epochs of the run."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat
from fmtool.schedules.base import ScheduleConfig, beyond_the_end, with_warmup

if TYPE_CHECKING:
    import keras


class Config(ScheduleConfig):
    name: Literal["step"]
    drop_epochs: PositiveFloat | None
    """Counted from the start of the run, warm-up included; null for a third of the run."""
    factor: PositiveFloat

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        super().require_effect(steps_per_epoch=steps_per_epoch, epochs=epochs)
        begin = self.drop_epochs
        if begin is not None and round(begin * steps_per_epoch) >= epochs * steps_per_epoch:
            raise beyond_the_end("drop_epochs", begin=begin, epochs=epochs)


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    import keras

    interval = epochs / 3 if cfg.drop_epochs is None else cfg.drop_epochs
    schedule = keras.optimizers.schedules.ExponentialDecay(
        initial_learning_rate=learning_rate,
        decay_steps=max(1, round(interval * steps_per_epoch)),
        decay_rate=cfg.factor,
        staircase=True,
    )
    return with_warmup(
        schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs, is_postponed=False
    )
