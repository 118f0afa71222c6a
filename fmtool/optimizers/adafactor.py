"""Adafactor (Shazeer & Stern 2018, arXiv:1804.04235)."""

from typing import TYPE_CHECKING, Literal

from pydantic import NegativeFloat

from fmtool.config.base import PositiveFloat
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["adafactor"]
    beta_2_decay: NegativeFloat
    """The second moment decays by 1 - step ** beta_2_decay."""
    epsilon_1: PositiveFloat
    epsilon_2: PositiveFloat
    clip_threshold: PositiveFloat
    relative_step: bool


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Adafactor(learning_rate=learning_rate, **keras_arguments(cfg))
