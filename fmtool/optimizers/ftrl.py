"""Follow the regularized leader (McMahan et al. 2013); for sparse linear models."""

from typing import TYPE_CHECKING, Literal

from pydantic import NonPositiveFloat

from fmtool.config.base import NonNegativeFloat
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["ftrl"]
    learning_rate_power: NonPositiveFloat
    initial_accumulator_value: NonNegativeFloat
    l1_regularization_strength: NonNegativeFloat
    l2_regularization_strength: NonNegativeFloat
    l2_shrinkage_regularization_strength: NonNegativeFloat
    beta: NonNegativeFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Ftrl(learning_rate=learning_rate, **keras_arguments(cfg))
