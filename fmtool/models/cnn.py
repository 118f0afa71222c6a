"""Plain convolutional network: blocks of convolution, activation and pooling, then dense layers."""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.models.base import Activation, DropoutKind, ModelConfig, Normalization
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")


class Config(ModelConfig):
    name: Literal["cnn"]
    filters: list[PositiveInt]
    kernel_size: PositiveInt
    padding: Literal["same", "valid"]
    pooling: Literal["max", "average", "none"]
    dense_units: list[PositiveInt]
    activation: Activation
    normalization: Normalization
    batchnorm_momentum: Rate
    dropout: Rate
    convolution_dropout: Rate
    """The share dropped of what each block gives, of the kind that follows."""
    dropout_kind: DropoutKind
    block_size: PositiveInt


def check(cfg: Config, image: Pixels) -> None:
    """Raises UsageError when a block would leave no pixel of the image."""
    height, width, _ = image.shape
    for block, _ in enumerate(cfg.filters, start=1):
        shrink = cfg.kernel_size - 1 if cfg.padding == "valid" else 0
        halve = 1 if cfg.pooling == "none" else 2
        height, width = (height - shrink) // halve, (width - shrink) // halve
        if min(height, width) < 1:
            raise UsageError(
                f"model.filters: block {block} of {len(cfg.filters)} leaves no pixel of the image",
                fix="use fewer blocks, model.padding=same or model.pooling=none",
            )


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    check(cfg, image)

    import keras

    from fmtool.models.layers import blocks

    pool = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
    inputs = x = keras.Input(image.shape)
    for filters in cfg.filters:
        x = keras.layers.Conv2D(filters, cfg.kernel_size, padding=cfg.padding)(x)
        x = blocks.normalize_and_activate(
            x, cfg.activation, cfg.normalization, cfg.batchnorm_momentum
        )
        if cfg.pooling != "none":
            x = pool[cfg.pooling](pool_size=2)(x)
        x = blocks.feature_dropout(x, cfg.convolution_dropout, cfg.dropout_kind, cfg.block_size)
    if wanted == "map":
        return keras.Model(inputs, x)
    x = keras.layers.Flatten()(x)
    for units in cfg.dense_units:
        x = keras.layers.Dense(units)(blocks.dropout(x, cfg.dropout))
        x = blocks.activate(x, cfg.activation)
    return keras.Model(inputs, blocks.dropout(x, cfg.dropout))
