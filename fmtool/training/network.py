"""The network that is trained and saved: raw pixels in, logits out, normalisation inside."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool import registry
from fmtool.data.base import DataConfig
from fmtool.data.images import ChosenImages, Images
from fmtool.data.read_ahead import read_blocks
from fmtool.data.splits import Splits
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig

_SAMPLE = 5000
"""Images from which a model may compute its first weights."""
_SAMPLE_VALUES = 2**24
"""The same in values, for large images."""


Scaling = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Factor and summand for each channel of the pixels."""


def scaling(
    model: ModelConfig, data: DataConfig, splits: Splits, train_rows: NDArray[np.int32]
) -> Scaling:
    """What the network does with pixels first; reads all of `train_rows` to standardize."""
    # Said only by models that normalise on their own.
    if getattr(registry.module("model", model.name), "READS_PIXELS", False):
        factors = [255 / splits.pixel_max] * splits.input_shape[2], [0.0] * splits.input_shape[2]
    else:
        factors = normalization(data.normalize, splits, train_rows)
    scale, offset = (np.asarray(each, dtype=np.float32) for each in factors)
    return scale, offset


def architecture(
    model: ModelConfig, input_shape: tuple[int, int, int], num_classes: int, *, origin: str = ""
) -> Any:
    """Maps float32 images (batch, *input_shape) to logits; UsageError where it does not fit them.

    Args:
        origin: of the images, for the message.
    """
    try:
        return registry.module("model", model.name).build(model, input_shape, num_classes)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        shape = "x".join(map(str, input_shape))
        others = ", ".join(registry.names("model"))
        raise UsageError(
            f"model={model.name} does not fit the {shape} images{origin}: {reason}",
            fix=f"change the keys of model.* or choose another model ({others})",
        ) from error


def build(
    model: ModelConfig, splits: Splits, train_rows: NDArray[np.int32], scaling: Scaling
) -> Any:
    """Maps uint8 images (batch, h, w, c) to float32 logits (batch, classes)."""
    import keras

    scale, offset = scaling
    module = registry.module("model", model.name)
    core = architecture(
        model, splits.input_shape, splits.num_classes, origin=f" of data={splits.name}"
    )
    if hasattr(module, "adapt"):
        most = max(1, min(_SAMPLE, _SAMPLE_VALUES // math.prod(splits.input_shape)))
        first = np.asarray(splits.train.x[train_rows[:most]])
        module.adapt(model, core, first * scale + offset)
    pixels = keras.Input(splits.input_shape, dtype="uint8", name="pixels")
    # Operations, not a Rescaling layer: that one imports TensorFlow on every backend.
    normalized = keras.ops.add(keras.ops.multiply(keras.ops.cast(pixels, "float32"), scale), offset)
    return keras.Model(pixels, core(normalized), name=f"{model.name}_{splits.name}")


def normalization(
    kind: str, splits: Splits, train_rows: NDArray[np.int32]
) -> tuple[list[float], list[float]]:
    """Factor and summand for each channel, fitted on the training part alone."""
    channels = splits.input_shape[2]
    if kind == "none":
        return [1.0] * channels, [0.0] * channels
    if kind == "unit":
        return [1.0 / splits.pixel_max] * channels, [0.0] * channels
    mean, deviation = _channel_statistics(splits.train.x, train_rows)
    scale = 1.0 / np.where(deviation > 0, deviation, 1.0)
    return scale.tolist(), (-mean * scale).tolist()


def _channel_statistics(
    images: Images, rows: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel; integer sums, so exact in any order."""
    total = np.zeros(images.shape[3], dtype=np.uint64)
    squares = np.zeros_like(total)
    for chunk in read_blocks(ChosenImages(images, rows)):
        total += chunk.sum(axis=(0, 1, 2), dtype=np.uint64)
        squares += np.square(chunk, dtype=np.uint16).sum(axis=(0, 1, 2), dtype=np.uint64)
    count = len(rows) * images.shape[1] * images.shape[2]
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0.0))
