"""Multilayer perceptron on flattened pixels or features."""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Features, Pixels, SampleKind
from fmtool.models.base import Activation, ModelConfig, Normalization
from fmtool.representations import Representation

IS_CONVOLUTIONAL = False
READS: tuple[SampleKind, ...] = ("image", "features")
GIVES: tuple[Representation, ...] = ("vector",)


class Config(ModelConfig):
    name: Literal["mlp"]
    units: list[PositiveInt]
    activation: Activation
    normalization: Normalization
    batchnorm_momentum: Rate
    dropout: Rate


def build(cfg: Config, element: Pixels | Features, wanted: Representation) -> Any:
    """Maps (batch, *element.shape) samples to what is `wanted` of `GIVES`."""
    import keras

    from fmtool.models.layers import blocks

    inputs = keras.Input(element.shape)
    x = keras.layers.Flatten()(inputs)
    x = blocks.hidden_layers(
        x,
        cfg.units,
        cfg.activation,
        cfg.dropout,
        normalization=cfg.normalization,
        momentum=cfg.batchnorm_momentum,
    )
    return keras.Model(inputs, x)
