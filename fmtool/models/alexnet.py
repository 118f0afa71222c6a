"""AlexNet: five convolutions, three of them pooled, then dense layers (Krizhevsky et al. 2012)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, ModelConfig, Stem, has_large_stem
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")

_POOLED = (1, 2, 5)
"""The convolutions that are followed by a pooling."""


class Config(ModelConfig):
    name: Literal["alexnet"]
    filters: Annotated[list[PositiveInt], Field(min_length=5, max_length=5)]
    """The filters of each convolution."""
    dense_units: list[PositiveInt]
    activation: Activation
    dropout: Rate
    stem: Stem


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    import keras

    from fmtool.models.layers import blocks

    inputs = x = keras.Input(image.shape)
    # Both are 11 pixels wide with stride 4; smaller images are then pooled without overlap.
    pool_size = 3 if has_large_stem(cfg.stem, image.shape) else 2
    sizes = (11, 5, 3, 3, 3)
    for number, (filters, size) in enumerate(zip(cfg.filters, sizes, strict=True), start=1):
        strides = 4 if number == 1 else 1
        x = blocks.convolve(x, filters, size, strides=strides, use_bias=True)
        x = blocks.activate(x, cfg.activation)
        if number in _POOLED:
            padding = "valid" if pool_size == 3 else "same"
            x = keras.layers.MaxPooling2D(pool_size, strides=2, padding=padding)(x)
    if wanted == "map":
        return keras.Model(inputs, x)
    x = keras.layers.Flatten()(x)
    for units in cfg.dense_units:
        x = keras.layers.Dense(units)(blocks.dropout(x, cfg.dropout))
        x = blocks.activate(x, cfg.activation)
    return keras.Model(inputs, blocks.dropout(x, cfg.dropout))
