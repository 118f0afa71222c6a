"""Lion, the sign of a momentum (Chen et al. 2023, arXiv:2302.06675)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["lion"]
    beta_1: Rate
    beta_2: Rate


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Lion(learning_rate=learning_rate, **keras_arguments(cfg))
