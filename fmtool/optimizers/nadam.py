"""Adam with Nesterov momentum (Dozat 2016)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments, of_every_backend

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["nadam"]
    beta_1: Rate
    beta_2: Rate
    epsilon: PositiveFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    optimizer = of_every_backend(keras.optimizers.Nadam)
    return optimizer(learning_rate=learning_rate, **keras_arguments(cfg))
