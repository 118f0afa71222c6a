"""learning_rate * decay_rate ** (t / T) at step t of a decay of T steps."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat
from fmtool.schedules.base import DecayConfig, with_warmup

if TYPE_CHECKING:
    import keras


class Config(DecayConfig):
    name: Literal["exponential"]
    decay_rate: PositiveFloat
    """The share of the learning rate left after one length of the decay; it goes on beyond."""
    staircase: bool

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        super().require_effect(steps_per_epoch=steps_per_epoch, epochs=epochs)
        if self.staircase and self.decay_epochs is not None:
            self.require_a_drop(steps_per_epoch=steps_per_epoch, epochs=epochs)


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(
        initial_learning_rate=learning_rate,
        decay_steps=cfg.decay_length(steps_per_epoch=steps_per_epoch, epochs=epochs),
        decay_rate=cfg.decay_rate,
        staircase=cfg.staircase,
    )
    return with_warmup(schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs)
