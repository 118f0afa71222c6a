"""The network that is trained and saved: raw samples in, outputs out, normalisation inside."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool import options, registry
from fmtool.compat import models as earlier
from fmtool.data.base import DataConfig
from fmtool.data.samples.images import ChosenImages, Images
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.splits import Splits
from fmtool.elements import Element, Pixels, Tokens, described
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig
from fmtool.representations import (
    BACKBONE,
    HEAD,
    NORMALIZATION,
    PRESENTATION,
    Representation,
)
from fmtool.tasks.base import Task

_INPUT_NAMES = {"image": "pixels", "text": "tokens", "features": "features"}
_REPRESENTATION = "representation"
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


@dataclass(frozen=True)
class Architecture:
    """What lies between normalised samples and outputs.

    Args:
        backbone: gives the representation that the task needs, or its outputs where there is no
            head.
        head: maps a representation to outputs; None where the model ends in outputs of its own.
    """

    backbone: Any
    head: Callable[[Any], Any] | None

    def __call__(self, x: Any) -> Any:
        """Outputs (batch, ...) for samples `x`, made of nested models `backbone` and `head`."""
        import keras

        y = self.backbone(x)
        if self.head is None:
            return y
        representation = keras.Input(y.shape[1:], dtype=y.dtype, name=_REPRESENTATION)
        return keras.Model(representation, self.head(representation), name=HEAD)(y)

    def as_model(self, element: Element) -> Any:
        """A Keras model of samples as `architecture` has them."""
        import keras

        dtype = element.dtype if isinstance(element, Tokens) else "float32"
        samples = keras.Input(element.shape, dtype=dtype)
        return keras.Model(samples, self(samples))


def architecture(
    model: ModelConfig,
    element: Element,
    task: Task[Any],
    *,
    needs: Representation,
    origin: str = "",
) -> Architecture:
    """Maps samples (batch, *element.shape) to outputs; UsageError where it does not fit them.

    Tokens are int32, all else is float32 and normalised.

    Args:
        needs: what the head of the task reads.
        origin: of the samples, for the message.
    """
    option = options.model(model.name)
    try:
        if earlier.ends_in_logits(option.build):
            to_logits = partial(option.build, model)
            made = earlier.classifier(to_logits, model.name, element, task.target)
            return Architecture(made, None)
        backbone = option.build(model, element, needs)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        others = ", ".join(registry.names("model"))
        raise UsageError(
            f"model={model.name} does not fit the {described(element)}{origin}: {reason}",
            fix=f"change the keys of model.* or choose another model ({others})",
        ) from error
    backbone.name = BACKBONE
    return Architecture(backbone, partial(task.head, hints=option.head_hints(model)))


def build(
    model: ModelConfig,
    splits: Splits,
    train_rows: NDArray[np.int32],
    scaling: Scaling,
    task: Task[Any],
    *,
    needs: Representation,
) -> Any:
    """Maps samples (batch, *shape), as the data set has them, to the outputs of the task.

    The one place where normalisation, backbone and head are joined, as models of those names; of
    tokens there is nothing to normalise.
    """
    import keras

    element = splits.element
    adapt = options.model(model.name).adapt
    parts = architecture(model, element, task, needs=needs, origin=f" of data={splits.name}")
    if adapt is not None:
        scale, offset = scaling
        most = max(1, min(_SAMPLE, _SAMPLE_VALUES // math.prod(element.shape)))
        first = np.asarray(splits.train.x[train_rows[:most]])
        adapt(model, parts.backbone, first * scale + offset)
    samples = keras.Input(element.shape, dtype=element.dtype, name=_INPUT_NAMES[element.kind])
    x = samples if isinstance(element, Tokens) else _normalizing(element, scaling)(samples)
    return keras.Model(samples, parts(x), name=f"{model.name}_{splits.name}")


def presented(network: Any, task: Task[Any]) -> Any:
    """The model that is saved: `network`, and what the task makes of its outputs for users.

    Both have the same weights. Where the task leaves outputs as they are, it is `network` itself.
    """
    import keras

    outputs = keras.tree.map_structure(_placeholder, network.output)
    shown = task.present(outputs)
    if shown is outputs:
        return network
    presentation = keras.Model(outputs, shown, name=PRESENTATION)
    return keras.Model(network.input, presentation(network.output), name=network.name)


def _placeholder(output: Any) -> Any:
    import keras

    return keras.Input(output.shape[1:], dtype=output.dtype)


def _normalizing(element: Element, scaling: Scaling) -> Any:
    """A model of samples as the data set has them, which gives float32."""
    import keras

    scale, offset = scaling
    samples = keras.Input(element.shape, dtype=element.dtype, name=_INPUT_NAMES[element.kind])
    # Operations, not a Rescaling layer: that one imports TensorFlow on every backend.
    numbers = keras.ops.cast(samples, "float32")
    x = keras.ops.add(keras.ops.multiply(numbers, scale), offset)
    return keras.Model(samples, x, name=NORMALIZATION)


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
