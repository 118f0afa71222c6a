"""The network as others run it: raw samples in; what its task serves, and the embedding, out.

Imported where Keras is.
"""

from typing import Any

import keras

from fmtool.compat import embedding as earlier
from fmtool.data.reading.resizing import ResizeMode
from fmtool.errors import UsageError
from fmtool.export import resizing
from fmtool.export.metadata import EMBEDDING, Metadata
from fmtool.representations import BACKBONE, HEAD, NORMALIZATION


def build(network: Any, metadata: Metadata) -> Any:
    """A Keras model with a dictionary of the outputs that the metadata name.

    Args:
        network: maps samples to what the task learned, as a run saves it.

    Raises UsageError for an embedding where nothing in it is a vector for each sample.
    """
    reads = metadata.input
    samples = keras.Input(reads.shape, batch_size=reads.batch, dtype=reads.dtype, name=reads.name)
    x = samples
    if None in reads.shape:
        mode: ResizeMode = metadata.preprocessing.get("resize_mode", "stretch")
        pixels = resizing.resized(samples, network.input_shape[1:3], mode)
        x = keras.ops.cast(pixels, reads.dtype)
    found: dict[str, Any] = {}
    if EMBEDDING in metadata.outputs:
        network = _with_embedding(network)
        found[EMBEDDING], outputs = network(x)
    else:
        outputs = network(x)
    found |= metadata.serving.serve(outputs)
    named = {name: found[name] for name in metadata.outputs}
    return keras.Model(samples, named, name=network.name)


def embedding(network: Any) -> Any:
    """The model of what the backbone of `network` gives; see `build`."""
    both = _with_embedding(network)
    return keras.Model(both.inputs, both.outputs[0])


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
