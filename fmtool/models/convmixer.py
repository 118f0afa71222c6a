"""ConvMixer: patches mixed by depthwise convolutions in space, by 1x1 ones in channels.

Trockman & Kolter 2022 (arXiv:2201.09792).
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation
from fmtool.models.layers.keys import PatchConfig, check_patches
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")


class Config(PatchConfig):
    name: Literal["convmixer"]
    width: PositiveInt
    depth: PositiveInt
    kernel_size: PositiveInt
    batchnorm_momentum: Rate
    activation: Activation


def check(cfg: Config, image: Pixels) -> None:
    """UsageError for patches that are larger than the image."""
    check_patches(cfg, image)


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    check(cfg, image)

    import keras

    from fmtool.models.layers import blocks

    def activate_and_normalize(x: Any) -> Any:
        return blocks.normalize(blocks.activate(x, cfg.activation), "batch", cfg.batchnorm_momentum)

    inputs = keras.Input(image.shape)
    x = keras.layers.Conv2D(cfg.width, cfg.patch_size, strides=cfg.patch_size)(inputs)
    x = activate_and_normalize(x)
    for _ in range(cfg.depth):
        y = keras.layers.DepthwiseConv2D(cfg.kernel_size, padding="same")(x)
        x = keras.layers.Add()([x, activate_and_normalize(y)])
        x = activate_and_normalize(keras.layers.Conv2D(cfg.width, 1)(x))
    if wanted == "vector":
        x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, x)
