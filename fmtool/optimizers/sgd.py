"""Stochastic gradient descent, with momentum."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments, of_every_backend

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["sgd"]
    momentum: Rate
    nesterov: bool


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    optimizer = of_every_backend(keras.optimizers.SGD)
    return optimizer(learning_rate=learning_rate, **keras_arguments(cfg))
