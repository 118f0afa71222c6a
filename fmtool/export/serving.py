"""The network as others run it: raw samples in; probabilities, logits, label and embedding out.

Imported where Keras is.
"""

from collections.abc import Sequence
from typing import Any

import keras

from fmtool.compat import embedding as earlier
from fmtool.data.reading.resizing import ResizeMode
from fmtool.errors import UsageError
from fmtool.export import resizing
from fmtool.export.metadata import Input
from fmtool.representations import BACKBONE, HEAD, NORMALIZATION


def build(
    network: Any, reads: Input, outputs: Sequence[str], *, mode: ResizeMode = "stretch"
) -> Any:
    """A Keras model with a dictionary of `outputs`; see `metadata.OUTPUTS`.

    Args:
        network: maps samples to logits, as a run saves it.
        mode: for a model that reads pictures of any size.

    Raises UsageError for an embedding where nothing in it is a vector for each sample.
    """
    samples = keras.Input(reads.shape, batch_size=reads.batch, dtype=reads.dtype, name=reads.name)
    x = samples
    if None in reads.shape:
        pixels = resizing.resized(samples, network.input_shape[1:3], mode)
        x = keras.ops.cast(pixels, reads.dtype)
    found: dict[str, Any] = {}
    if "embedding" in outputs:
        network = _with_embedding(network)
        found["embedding"], found["logits"] = network(x)
    else:
        found["logits"] = network(x)
    found["probabilities"] = keras.ops.softmax(found["logits"], axis=-1)
    found["label"] = _first_largest(found["logits"])
    named = {name: found[name] for name in outputs}
    return keras.Model(samples, named, name=network.name)


def embedding(network: Any) -> Any:
    """The model of what the backbone of `network` gives; see `build`."""
    both = _with_embedding(network)
    return keras.Model(both.inputs, both.outputs[0])


def _first_largest(logits: Any) -> Any:
    """int32 (batch,): the index of the largest, of equal ones the first.

    Keras' argmax of floats looks at their bits, which ONNX cannot.
    """
    largest = keras.ops.equal(logits, keras.ops.max(logits, axis=-1, keepdims=True))
    return keras.ops.argmax(keras.ops.cast(largest, "int32"), axis=-1)


def _with_embedding(network: Any) -> Any:
    """The network with what its backbone gives as another output, the first."""
    layers = {layer.name: layer for layer in network.layers}
    if not {BACKBONE, HEAD} <= layers.keys():
        return earlier.with_embedding(network)
    samples = network.inputs[0]
    x = layers[NORMALIZATION](samples) if NORMALIZATION in layers else samples
    vector = layers[BACKBONE](x)
    if len(vector.shape) != 2:
        sizes = "x".join(map(str, vector.shape[1:]))
        raise UsageError(
            f"include=embedding: the backbone gives {sizes} numbers for a sample, not a vector",
            fix="leave embedding out of include=",
        )
    return keras.Model(samples, [vector, layers[HEAD](vector)], name=network.name)
