"""A network as a function of TensorFlow, from which its formats are made."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from fmtool.export.metadata import Input


def function_of(network: Any, reads: Input) -> Any:
    """A `tf.function` of one tensor with the name, type and shape of `reads`."""
    signature = tf.TensorSpec((reads.batch, *reads.shape), reads.dtype, name=reads.name)

    @tf.function(input_signature=[signature], autograph=False)  # type: ignore[untyped-decorator]
    def serve(samples: Any) -> Mapping[str, Any]:
        outputs = network(samples, training=False)
        return {name: tf.identity(value, name=name) for name, value in outputs.items()}

    return serve
