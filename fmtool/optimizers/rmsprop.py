"""RMSprop (Tieleman & Hinton 2012)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["rmsprop"]
    rho: Rate
    momentum: Rate
    epsilon: PositiveFloat
    centered: bool


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.RMSprop(learning_rate=learning_rate, **keras_arguments(cfg))
