"""LAMB, layer-wise adaptive Adam for large batches (You et al. 2020, arXiv:1904.00962)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["lamb"]
    beta_1: Rate
    beta_2: Rate
    epsilon: PositiveFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Lamb(learning_rate=learning_rate, **keras_arguments(cfg))
