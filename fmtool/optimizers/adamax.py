"""Adam with the infinity norm (Kingma & Ba 2015, section 7, arXiv:1412.6980)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["adamax"]
    beta_1: Rate
    beta_2: Rate
    epsilon: PositiveFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Adamax(learning_rate=learning_rate, **keras_arguments(cfg))
