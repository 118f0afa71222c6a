"""DenseNet: each layer reads what all layers before it in its block gave (Huang et al. 2017).

arXiv:1608.06993; with bottlenecks and compression it is DenseNet-BC.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, DropoutKind, ModelConfig, Stem, has_large_stem
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")

_BOTTLENECK = 4


class Config(ModelConfig):
    name: Literal["densenet"]
    layers_per_block: Annotated[list[PositiveInt], Field(min_length=1)]
    growth_rate: PositiveInt
    """Channels that each layer adds."""
    bottleneck: bool
    compression: Annotated[float, Field(gt=0, le=1)]
    """Share of the channels that a transition between blocks keeps."""
    batchnorm_momentum: Rate
    activation: Activation
    dropout: Rate
    dropout_kind: DropoutKind
    block_size: PositiveInt
    stem: Stem


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    import keras

    from fmtool.models.layers import blocks

    def activated(x: Any) -> Any:
        return blocks.normalize_and_activate(x, cfg.activation, "batch", cfg.batchnorm_momentum)

    inputs = keras.Input(image.shape)
    if has_large_stem(cfg.stem, image.shape):
        x = blocks.convolve(inputs, 2 * cfg.growth_rate, 7, strides=2)
        x = blocks.downsample(activated(x))
    else:
        x = blocks.convolve(inputs, 2 * cfg.growth_rate, 3)
    for number, layers in enumerate(cfg.layers_per_block):
        if number:
            x = activated(x)
            x = blocks.convolve(x, int(cfg.compression * x.shape[-1]), 1)
            x = keras.layers.AveragePooling2D(2, padding="same")(x)
        for _ in range(layers):
            y = activated(x)
            if cfg.bottleneck:
                y = blocks.convolve(y, _BOTTLENECK * cfg.growth_rate, 1)
                y = activated(y)
            y = blocks.convolve(y, cfg.growth_rate, 3)
            y = blocks.feature_dropout(y, cfg.dropout, cfg.dropout_kind, cfg.block_size)
            x = keras.layers.Concatenate()([x, y])
    x = activated(x)
    if wanted == "vector":
        x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, x)
