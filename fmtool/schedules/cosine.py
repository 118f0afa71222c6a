"""learning_rate * (alpha + (1 - alpha) * (1 + cos(pi * t / T)) / 2) at step t of T.

Loshchilov & Hutter 2017 (arXiv:1608.03983), one cycle.
"""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import Fraction
from fmtool.schedules.base import DecayConfig, with_warmup

if TYPE_CHECKING:
    import keras


class Config(DecayConfig):
    name: Literal["cosine"]
    alpha: Fraction
    """The fraction of the learning rate that is left at the end."""


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate,
        decay_steps=cfg.decay_length(steps_per_epoch=steps_per_epoch, epochs=epochs),
        alpha=cfg.alpha,
    )
    return with_warmup(schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs)
