"""Adagrad (Duchi et al. 2011)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat, PositiveFloat
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["adagrad"]
    initial_accumulator_value: NonNegativeFloat
    epsilon: PositiveFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Adagrad(learning_rate=learning_rate, **keras_arguments(cfg))
