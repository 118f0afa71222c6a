"""Multilayer perceptron on flattened pixels."""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.models.base import Activation, ModelConfig, Normalization

IS_CONVOLUTIONAL = False


class Config(ModelConfig):
    name: Literal["mlp"]
    units: list[PositiveInt]
    activation: Activation
    normalization: Normalization
    dropout: Rate


def build(cfg: Config, input_shape: tuple[int, int, int], num_classes: int) -> Any:
    """Maps (batch, *input_shape) images to (batch, num_classes) logits."""
    import keras

    from fmtool.models import blocks

    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    for units in cfg.units:
        x = blocks.normalize(keras.layers.Dense(units)(x), cfg.normalization)
        x = blocks.drop(keras.layers.Activation(cfg.activation)(x), cfg.dropout)
    return keras.Model(inputs, blocks.logits(x, num_classes), name="mlp")
