"""The network that is trained and saved: raw samples in, outputs out, normalisation inside."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool import options, registry
from fmtool.compat import models as earlier
from fmtool.data.base import DataConfig
from fmtool.data.samples.images import ChosenImages, Images
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Element, Pixels, Record, Sample, Tokens, described, elements_of
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
from fmtool.trees import mapped

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
) -> Any:
    """The first change of numbers in the network; reads all of `train_rows` to standardize.

    A `Scaling`, or one for each field of a record.
    """
    element = splits.element
    if isinstance(element, Record):
        names = element.fields
        return {each: scaling(model, data, _field(splits, each), train_rows) for each in names}
    if options.model(model.name).READS_PIXELS:
        assert isinstance(element, Pixels), "matching has looked"
        factors = [255 / element.maximum] * element.shape[2], [0.0] * element.shape[2]
    else:
        factors = normalization(data.normalize, splits, train_rows)
    scale, offset = (np.asarray(each, dtype=np.float32) for each in factors)
    return scale, offset


def _field(splits: Splits, name: str) -> Splits:
    """The data set of one field of its records alone."""
    element, x = splits.element, splits.train.x
    assert isinstance(element, Record), "whoever asks has looked"
    assert isinstance(x, Mapping), "loading has looked"
    return replace(splits, element=element.fields[name], train=Split(x[name], splits.train.y))


@dataclass(frozen=True)
class Architecture:
    """The part between normalised samples and outputs.

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

    def as_model(self, element: Sample) -> Any:
        """A Keras model of samples as `architecture` has them."""
        import keras

        def samples_of(each: Element, name: str | None) -> Any:
            dtype = each.dtype if isinstance(each, Tokens) else "float32"
            return keras.Input(each.shape, dtype=dtype, name=name)

        samples = _by_field(samples_of, element, None)
        return keras.Model(samples, self(samples))


def architecture(
    model: ModelConfig,
    element: Sample,
    task: Task[Any],
    *,
    needs: Representation,
    origin: str = "",
) -> Architecture:
    """Maps samples (batch, *element.shape) to outputs; UsageError where it does not fit them.

    Tokens are int32, all else is float32 and normalised; of records it is a mapping.

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
    scaling: Any,
    task: Task[Any],
    *,
    needs: Representation,
) -> Any:
    """Maps samples (batch, *shape), as `splits` has them, to the outputs of the task.

    The one place where normalisation, backbone and head are joined, as models of those names; of
    tokens there is nothing to normalise.
    """
    import keras

    element = splits.element
    adapt = options.model(model.name).adapt
    parts = architecture(model, element, task, needs=needs, origin=f" of data={splits.name}")
    if adapt is not None and not isinstance(element, Record):
        scale, offset = scaling
        most = max(1, min(_SAMPLE, _SAMPLE_VALUES // math.prod(element.shape)))
        first = np.asarray(splits.train.array[train_rows[:most]])
        adapt(model, parts.backbone, first * scale + offset)
    samples = inputs_of(element)
    x = _normalized(samples, element, scaling)
    return keras.Model(samples, parts(x), name=f"{model.name}_{splits.name}")


def inputs_of(element: Sample) -> Any:
    """The inputs of a Keras model of such samples, by name where they are records."""
    import keras

    def samples_of(each: Element, name: str | None) -> Any:
        return keras.Input(each.shape, dtype=each.dtype, name=name)

    return _by_field(samples_of, element, _INPUT_NAMES.get(element.kind))


def _by_field(made: Callable[[Element, str | None], Any], element: Sample, name: str | None) -> Any:
    """A mapping of what is made of each field and its name; of a single element with `name`."""
    if isinstance(element, Record):
        return {field: made(each, field) for field, each in element.fields.items()}
    return made(element, name)


def presented(network: Any, task: Task[Any], element: Sample) -> Any:
    """The model that is saved: `network` between what the task makes of samples and of outputs.

    Both have the same weights. Where the task leaves both as they are, it is `network` itself.

    Args:
        element: what samples are in the data set.
    """
    import keras

    samples, outputs = network.input, network.output
    if task.input(element) is not element:
        samples = inputs_of(element)
        outputs = network(task.as_input(samples))
    learned = keras.tree.map_structure(_placeholder, network.output)
    shown = task.present(learned)
    if shown is not learned:
        outputs = keras.Model(learned, shown, name=PRESENTATION)(outputs)
    elif samples is network.input:
        return network
    return keras.Model(samples, outputs, name=network.name)


def _placeholder(output: Any) -> Any:
    import keras

    return keras.Input(output.shape[1:], dtype=output.dtype)


def _normalized(samples: Any, element: Sample, scaling: Any) -> Any:
    """float32 of all but tokens, by a model of its own."""
    import keras

    numbers = _without_tokens(element)
    if numbers is None:
        return samples
    inputs = inputs_of(numbers)
    outputs = mapped(lambda _, each, by: _scaled(each, by), elements_of(numbers), inputs, scaling)
    model = keras.Model(inputs, outputs, name=NORMALIZATION)
    if not isinstance(samples, Mapping):
        return model(samples)
    return {**samples, **model({name: samples[name] for name in inputs})}


def _without_tokens(element: Sample) -> Sample | None:
    if isinstance(element, Record):
        fields = {name: each for name, each in element.fields.items() if each.kind != "text"}
        return Record(fields) if fields else None
    return None if isinstance(element, Tokens) else element


def _scaled(samples: Any, scaling: Scaling) -> Any:
    import keras

    scale, offset = scaling
    # Operations, not a Rescaling layer: that one imports TensorFlow on every backend.
    numbers = keras.ops.cast(samples, "float32")
    return keras.ops.add(keras.ops.multiply(numbers, scale), offset)


def normalization(
    kind: str, splits: Splits, train_rows: NDArray[np.int32]
) -> tuple[list[float], list[float]]:
    """Factor and summand for each channel or feature, fitted on the training part alone.

    The channels of a series have theirs over all steps.
    """
    element = splits.array_element
    channels = element.shape[-1]
    if kind == "none" or isinstance(element, Tokens):
        return [1.0] * channels, [0.0] * channels
    if kind == "unit":
        return _to_unit(splits, train_rows)
    statistics = _pixel_statistics if isinstance(element, Pixels) else _feature_statistics
    mean, deviation = statistics(splits.train.array, train_rows)
    scale = 1.0 / np.where(deviation > 0, deviation, 1.0)
    return scale.tolist(), (-mean * scale).tolist()


def _to_unit(splits: Splits, train_rows: NDArray[np.int32]) -> tuple[list[float], list[float]]:
    """Pixels by the largest that there can be, features by the smallest and largest found."""
    element = splits.array_element
    if isinstance(element, Pixels):
        return [1.0 / element.maximum] * element.shape[2], [0.0] * element.shape[2]
    low = np.full(element.shape[-1], np.inf)
    high = -low
    for chunk in read_blocks(ChosenImages(splits.train.array, train_rows)):
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
