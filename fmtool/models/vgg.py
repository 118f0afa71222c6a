"""VGG: stages of 3x3 convolutions, each followed by a pooling (Simonyan & Zisserman 2015).

arXiv:1409.1556; with batch normalization, as it is commonly trained, or without.
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, ModelConfig
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")

_CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""The convolutions of each stage, by the number of layers with weights."""
_WIDTHS = (1, 2, 4, 8, 8)


class Config(ModelConfig):
    name: Literal["vgg"]
    depth: Literal[11, 13, 16, 19]
    width: PositiveInt
    """Filters of the first stage; the last has eight times as many."""
    normalization: Literal["none", "batch"]
    batchnorm_momentum: Rate
    dense_units: list[PositiveInt]
    activation: Activation
    dropout: Rate


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    import keras

    from fmtool.models.layers import blocks

    inputs = x = keras.Input(image.shape)
    for count, width in zip(_CONVOLUTIONS[cfg.depth], _WIDTHS, strict=True):
        for _ in range(count):
            x = blocks.convolve(x, width * cfg.width, 3, use_bias=True)
            x = blocks.normalize_and_activate(
                x, cfg.activation, cfg.normalization, cfg.batchnorm_momentum
            )
        x = blocks.downsample(x, pool_size=2)
    if wanted == "map":
        return keras.Model(inputs, x)
    x = keras.layers.Flatten()(x)
    x = blocks.hidden_layers(
        x, cfg.dense_units, cfg.activation, cfg.dropout, kernel_initializer="he_normal"
    )
    return keras.Model(inputs, x)
