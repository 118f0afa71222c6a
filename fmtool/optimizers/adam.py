"""Adam (Kingma & Ba 2015, arXiv:1412.6980)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["adam"]
    beta_1: Rate
    beta_2: Rate
    epsilon: PositiveFloat
    amsgrad: bool


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Adam(learning_rate=learning_rate, **keras_arguments(cfg))
