"""Small operations as one program; imported where Keras is."""

from collections.abc import Callable
from typing import Any, TypeVar

import keras

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """`function` of tensors, compiled by XLA on TensorFlow, which else calls each operation alone.

    On JAX the step it is a part of is compiled, and on torch its operations are recorded.

    Args:
        function: holds no convolution, which XLA cannot run well on a CPU, and nothing that calls
            Python, reads files or handles strings.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    program: Function = tf.function(function, autograph=False, jit_compile=True)
    return program
