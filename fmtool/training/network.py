"""The network that is trained and saved: raw samples in, logits out, normalisation inside."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool import options, registry
from fmtool.data.base import DataConfig
from fmtool.data.samples.images import ChosenImages, Images
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.splits import Splits
from fmtool.elements import Element, Pixels, Tokens, described
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig

_INPUT_NAMES = {"image": "pixels", "text": "tokens", "features": "features"}
_SAMPLE = 5000
"""Images from which a model may compute its first weights."""
_SAMPLE_VALUES = 2**24
"""The same in values, for large images."""


Scaling = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Factor and summand for each channel of the pixels, or for each feature."""


def scaling(
    model: ModelConfig, data: DataConfig, splits: Splits, train_rows: NDArray[np.int32]
) -> Scaling:
    """What the network does with numbers first; reads all of `train_rows` to standardize."""
    element = splits.element
    if options.model(model.name).READS_PIXELS:
        assert isinstance(element, Pixels), "matching has looked"
        factors = [255 / element.maximum] * element.shape[2], [0.0] * element.shape[2]
    else:
        factors = normalization(data.normalize, splits, train_rows)
    scale, offset = (np.asarray(each, dtype=np.float32) for each in factors)
    return scale, offset


def architecture(
    model: ModelConfig, element: Element, num_classes: int, *, origin: str = ""
) -> Any:
    """Maps samples (batch, *element.shape) to logits; UsageError where it does not fit them.

    Tokens are int32, all else is float32 and normalised.

    Args:
        origin: of the samples, for the message.
    """
    try:
        return options.model(model.name).build(model, element, num_classes)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        others = ", ".join(registry.names("model"))
        raise UsageError(
            f"model={model.name} does not fit the {described(element)}{origin}: {reason}",
            fix=f"change the keys of model.* or choose another model ({others})",
        ) from error


def build(
    model: ModelConfig, splits: Splits, train_rows: NDArray[np.int32], scaling: Scaling
) -> Any:
    """Maps samples (batch, *shape), as the data set has them, to float32 logits (batch, n)."""
    import keras

    scale, offset = scaling
    element = splits.element
    own = options.model(model.name)
    core = architecture(model, element, splits.num_classes, origin=f" of data={splits.name}")
    if own.adapt is not None:
        most = max(1, min(_SAMPLE, _SAMPLE_VALUES // math.prod(element.shape)))
        first = np.asarray(splits.train.x[train_rows[:most]])
        own.adapt(model, core, first * scale + offset)
    samples = keras.Input(element.shape, dtype=element.dtype, name=_INPUT_NAMES[element.kind])
    x = samples
    if not isinstance(element, Tokens):
        # Operations, not a Rescaling layer: that one imports TensorFlow on every backend.
        numbers = keras.ops.cast(samples, "float32")
        x = keras.ops.add(keras.ops.multiply(numbers, scale), offset)
    return keras.Model(samples, core(x), name=f"{model.name}_{splits.name}")


def normalization(
    kind: str, splits: Splits, train_rows: NDArray[np.int32]
) -> tuple[list[float], list[float]]:
    """Factor and summand for each channel or feature, fitted on the training part alone.

    The channels of a series have theirs over all steps.
    """
    element = splits.element
    channels = element.shape[-1]
    if kind == "none" or isinstance(element, Tokens):
        return [1.0] * channels, [0.0] * channels
    if kind == "unit":
        return _to_unit(splits, train_rows)
    statistics = _pixel_statistics if isinstance(element, Pixels) else _feature_statistics
    mean, deviation = statistics(splits.train.x, train_rows)
    scale = 1.0 / np.where(deviation > 0, deviation, 1.0)
    return scale.tolist(), (-mean * scale).tolist()


def _to_unit(splits: Splits, train_rows: NDArray[np.int32]) -> tuple[list[float], list[float]]:
    """Pixels by the largest that there can be, features by the smallest and largest found."""
    element = splits.element
    if isinstance(element, Pixels):
        return [1.0 / element.maximum] * element.shape[2], [0.0] * element.shape[2]
    low = np.full(element.shape[-1], np.inf)
    high = -low
    for chunk in read_blocks(ChosenImages(splits.train.x, train_rows)):
        flat = chunk.reshape(-1, element.shape[-1])
        low, high = np.minimum(low, flat.min(axis=0)), np.maximum(high, flat.max(axis=0))
    scale = 1.0 / np.where(high > low, high - low, 1.0)
    return scale.tolist(), (-low * scale).tolist()


def _feature_statistics(
    features: Images, rows: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the last axis, in two passes against cancellation."""
    chosen, channels = ChosenImages(features, rows), features.shape[-1]
    count = len(rows) * math.prod(features.shape[1:-1])
    total, squares = np.zeros(channels), np.zeros(channels)
    for chunk in read_blocks(chosen):
        total += chunk.reshape(-1, channels).sum(axis=0, dtype=np.float64)
    mean = total / count
    for chunk in read_blocks(chosen):
        squares += np.square(chunk.reshape(-1, channels) - mean).sum(axis=0)
    return mean, np.sqrt(squares / count)


def _pixel_statistics(
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
