"""Compact convolutional transformer: convolutions make the positions (Hassani et al. 2021).

arXiv:2104.05704; CCT-7/3x1 has seven blocks on one convolution of 3x3.
"""

from typing import Any, Literal

from fmtool.config.base import PositiveFloat, PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, ModelConfig
from fmtool.models.heads import check_heads

_NARROW = 64
"""Filters of all convolutions but the last."""


class Config(ModelConfig):
    name: Literal["cct"]
    convolutions: PositiveInt
    kernel_size: PositiveInt
    width: PositiveInt
    depth: PositiveInt
    heads: PositiveInt
    mlp_ratio: PositiveFloat
    """Hidden units of each block's dense layers, in widths."""
    positions: Literal["learned", "none"]
    activation: Activation
    dropout: Rate
    attention_dropout: Rate
    stochastic_depth: Rate


def build(cfg: Config, image: Pixels, num_classes: int) -> Any:
    """Maps (batch, *image.shape) images to (batch, num_classes) logits."""
    check_heads(cfg.width, cfg.heads)

    import keras

    from fmtool.models import attention, blocks

    inputs = x = keras.Input(image.shape)
    for number in range(1, cfg.convolutions + 1):
        filters = cfg.width if number == cfg.convolutions else _NARROW
        x = blocks.halve(blocks.activate(blocks.convolve(x, filters, cfg.kernel_size), "relu"))
    x = keras.layers.Reshape((-1, cfg.width))(x)
    if cfg.positions == "learned":
        x = attention.add_positions(x)
    encoder = attention.Encoder(
        depth=cfg.depth,
        heads=cfg.heads,
        mlp_units=int(cfg.mlp_ratio * cfg.width),
        activation=cfg.activation,
        dropout=cfg.dropout,
        attention_dropout=cfg.attention_dropout,
        stochastic_depth=cfg.stochastic_depth,
    )
    x = attention.pool_by_attention(encoder(blocks.drop(x, cfg.dropout)))
    return keras.Model(inputs, blocks.logits(x, num_classes), name="cct")
