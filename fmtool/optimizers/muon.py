"""Muon: momentum made orthogonal by Newton-Schulz steps (Jordan et al. 2024, arXiv:2502.16982).

Keras applies it to matrices only: variables of any other rank (biases, convolution kernels),
embeddings, and layers named in `exclude_layers` are trained by AdamW under the `adam_*` keys.
"""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat, PositiveFloat, PositiveInt, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["muon"]
    weight_decay: NonNegativeFloat | None
    """The decay of the matrices; the rest decays by `adam_weight_decay`."""
    momentum: Rate
    nesterov: bool
    ns_steps: PositiveInt
    """Newton-Schulz iterations per step."""
    muon_a: float
    muon_b: float
    muon_c: float
    rms_rate: PositiveFloat | None
    """Scales a matrix update by rms_rate * sqrt(longer side); null for no scaling."""
    exclude_layers: list[str]
    """Regular expressions; a variable whose path contains one is left to AdamW."""
    exclude_embeddings: bool
    adam_beta_1: Rate
    adam_beta_2: Rate
    adam_weight_decay: NonNegativeFloat | None
    adam_lr_ratio: PositiveFloat
    """AdamW's learning rate divided by Muon's."""
    epsilon: PositiveFloat


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.Muon(learning_rate=learning_rate, **keras_arguments(cfg))
