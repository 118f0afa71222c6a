"""A network as a function of TensorFlow, from which its formats are made."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from fmtool.export.metadata import Input


def function_of(network: Any, reads: Input) -> Any:
    """A `tf.function` of one tensor with the name, type and shape of `reads`."""
    return _traced(lambda samples: network(samples, training=False), reads)


def frozen_function_of(network: Any, reads: Input) -> Any:
    """The same with the weights as constants in its graph."""
    trained = [tf.constant(weight) for weight in network.trainable_variables]
    others = [tf.constant(weight) for weight in network.non_trainable_variables]

    def call(samples: Any) -> Mapping[str, Any]:
        outputs, _ = network.stateless_call(trained, others, samples, training=False)
        found: Mapping[str, Any] = outputs
        return found

    return _traced(call, reads)


def _traced(call: Any, reads: Input) -> Any:
    signature = tf.TensorSpec((reads.batch, *reads.shape), reads.dtype, name=reads.name)

    @tf.function(input_signature=[signature], autograph=False)  # type: ignore[untyped-decorator]
    def serve(samples: Any) -> Mapping[str, Any]:
        return {name: tf.identity(value, name=name) for name, value in call(samples).items()}

    return serve
