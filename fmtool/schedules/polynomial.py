"""end + (learning_rate - end) * (1 - t / T) ** power at step t of a decay of T steps."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat, PositiveFloat
from fmtool.schedules.base import DecayConfig, with_warmup

if TYPE_CHECKING:
    import keras


class Config(DecayConfig):
    name: Literal["polynomial"]
    end_learning_rate: NonNegativeFloat
    power: PositiveFloat


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    import keras

    schedule = keras.optimizers.schedules.PolynomialDecay(
        initial_learning_rate=learning_rate,
        decay_steps=cfg.decay_length(steps_per_epoch=steps_per_epoch, epochs=epochs),
        end_learning_rate=cfg.end_learning_rate,
        power=cfg.power,
    )
    return with_warmup(schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs)
