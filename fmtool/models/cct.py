"""Compact convolutional transformer: convolutions make the positions (Hassani et al. 2021).

arXiv:2104.05704; CCT-7/3x1 has seven blocks on one convolution of 3x3.
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt
from fmtool.elements import Pixels
from fmtool.models.layers.keys import EncoderConfig
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("sequence", "vector")

_NARROW = 64
"""Filters of all convolutions but the last."""


class Config(EncoderConfig):
    name: Literal["cct"]
    convolutions: PositiveInt
    kernel_size: PositiveInt
    positions: Literal["learned", "none"]


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    import keras

    from fmtool.models.layers import attention, blocks

    inputs = x = keras.Input(image.shape)
    for number in range(1, cfg.convolutions + 1):
        filters = cfg.width if number == cfg.convolutions else _NARROW
        x = blocks.downsample(blocks.activate(blocks.convolve(x, filters, cfg.kernel_size), "relu"))
    x = keras.layers.Reshape((-1, cfg.width))(x)
    if cfg.positions == "learned":
        x = attention.add_positions(x)
    x = attention.Encoder(cfg)(blocks.dropout(x, cfg.dropout))
    if wanted == "vector":
        x = attention.pool_by_attention(x)
    return keras.Model(inputs, x)
