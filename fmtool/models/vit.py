"""Vision transformer: a transformer on the patches of an image (Dosovitskiy et al. 2021).

arXiv:2010.11929.
"""

from typing import Any, Literal

from fmtool.elements import Pixels
from fmtool.models.layers.keys import EncoderConfig, PatchConfig, check_patches
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("sequence", "vector")


class Config(PatchConfig, EncoderConfig):
    name: Literal["vit"]
    pooling: Literal["token", "mean"]
    """The way from the patches to a vector."""


def check(cfg: Config, image: Pixels) -> None:
    """UsageError for patches that are larger than the image."""
    check_patches(cfg, image)


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    check(cfg, image)

    import keras

    from fmtool.models.layers import attention, blocks

    inputs = keras.Input(image.shape)
    x = keras.layers.Conv2D(cfg.width, cfg.patch_size, strides=cfg.patch_size)(inputs)
    x = keras.layers.Reshape((-1, cfg.width))(x)
    has_class_token = wanted == "vector" and cfg.pooling == "token"
    if has_class_token:
        x = attention.prepend_class_token(x)
    x = blocks.dropout(attention.add_positions(x), cfg.dropout)
    x = attention.Encoder(cfg)(x)
    if wanted == "vector":
        x = x[:, 0] if has_class_token else keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, x)
