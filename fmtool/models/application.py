"""The architectures of `keras.applications`, with random weights and the preprocessing of each."""

import sys
from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")

READS_PIXELS = True
SMALLEST_IMAGE = 32

Family = Literal[
    "ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge",
    "DenseNet121", "DenseNet169", "DenseNet201",
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4",
    "EfficientNetB5", "EfficientNetB6", "EfficientNetB7",
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3",
    "EfficientNetV2S", "EfficientNetV2M", "EfficientNetV2L",
    "InceptionV3", "InceptionResNetV2",
    "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large",
    "NASNetMobile", "NASNetLarge",
    "ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2",
    "VGG16", "VGG19",
    "Xception",
]  # fmt: skip
"""All that Keras has."""

_SMALLEST = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}


class Config(ModelConfig):
    name: Literal["application"]
    family: Family
    size: PositiveInt | None
    """Pixels a side that images are resized to first; null for as they are."""
    dropout: Rate


def check(cfg: Config, image: Pixels) -> None:
    """Raises UsageError for images that the family cannot take."""
    height, width, channels = image.shape
    smallest = _SMALLEST.get(cfg.family, SMALLEST_IMAGE)
    pixels = min(height, width) if cfg.size is None else cfg.size
    if pixels < smallest:
        raise UsageError(
            f"model.family={cfg.family} needs images of {smallest} pixels a side or more, "
            f"not {pixels}",
            fix=f"write model.size={smallest} to resize them first",
        )
    if channels not in (1, 3):
        raise UsageError(
            f"model.family={cfg.family} takes grey or colour images, not {channels} channels",
            fix="choose another model, such as model=resnet",
        )


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) pixels from 0 to 255 to what is `wanted` of `GIVES`."""
    check(cfg, image)

    import keras

    from fmtool.models.layers import blocks

    inputs = x = keras.Input(image.shape)
    if image.shape[2] == 1:
        x = keras.layers.Concatenate()([x, x, x])
    if cfg.size is not None:
        x = keras.ops.image.resize(x, (cfg.size, cfg.size))
    constructor = getattr(keras.applications, cfg.family)
    # Each module has the preprocessing that its weights were trained with, or none where a layer
    # of the network does it.
    x = sys.modules[constructor.__module__].preprocess_input(x)
    keys = {"include_top": False, "weights": None, "input_shape": x.shape[1:]}
    if wanted == "map":
        return keras.Model(inputs, constructor(**keys)(x))
    x = constructor(**keys, pooling="avg")(x)
    return keras.Model(inputs, blocks.dropout(x, cfg.dropout))
