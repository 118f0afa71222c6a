"""Residual multilayer perceptron: blocks that add to what they read, so that depth stays easy.

    fmtool train --plugin examples/own_model/residual_mlp.py -cd examples/own_model/conf \\
        model=residual_mlp data=digits

The block is that of He et al. 2016 (arXiv:1603.05027), normalisation first, with dense layers.
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, ModelConfig
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("vector",)


class Config(ModelConfig):
    name: Literal["residual_mlp"]
    width: PositiveInt
    depth: PositiveInt
    activation: Activation
    dropout: Rate


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to vectors (batch, width)."""
    import keras

    from fmtool.models.layers import blocks

    inputs = keras.Input(image.shape)
    x = keras.layers.Dense(cfg.width)(keras.layers.Flatten()(inputs))
    for _ in range(cfg.depth):
        y = keras.layers.LayerNormalization()(x)
        y = keras.layers.Dense(2 * cfg.width, activation=cfg.activation)(y)
        y = keras.layers.Dense(cfg.width)(blocks.dropout(y, cfg.dropout))
        x = keras.layers.Add()([x, y])
    return keras.Model(inputs, keras.layers.LayerNormalization()(x))
