"""Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat, PositiveFloat, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["adamw"]
    weight_decay: NonNegativeFloat
    """Never null: 0 turns it off."""
    beta_1: Rate
    beta_2: Rate
    epsilon: PositiveFloat
    amsgrad: bool


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.AdamW(learning_rate=learning_rate, **keras_arguments(cfg))
