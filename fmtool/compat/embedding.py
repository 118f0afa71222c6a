"""The embedding of a network whose file has no model `backbone`; imported where Keras is."""

from typing import Any

import keras

from fmtool.errors import UsageError


def with_embedding(network: Any) -> Any:
    """The network with what its last layer reads as another output, the first.

    Raises UsageError where that layer is not a dense one of vectors.
    """
    core = network.layers[-1]
    if not isinstance(core, keras.Model):
        core = network
    last = core.layers[-1]
    if not isinstance(last, keras.layers.Dense) or len(last.input.shape) != 2:
        raise UsageError(
            f"include=embedding: the last layer of {core.name} is no dense one",
            fix="leave embedding out of include=",
        )
    both = keras.Model(core.inputs, [last.input, core.outputs[0]], name=core.name)
    if core is network:
        return both
    (call,) = core._inbound_nodes[-1:]
    return keras.Model(network.inputs, both(call.arguments.args[0]), name=network.name)
