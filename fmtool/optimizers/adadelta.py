"""Adadelta (Zeiler 2012, arXiv:1212.5701)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments, of_every_backend

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["adadelta"]
    rho: Rate
    epsilon: PositiveFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    optimizer = of_every_backend(keras.optimizers.Adadelta)
    return optimizer(learning_rate=learning_rate, **keras_arguments(cfg))
