"""Starting values of weights that Keras has no initializer for, put into a built layer.

A saved model names only Keras' own initializers, so it loads without code of ours.
"""

from typing import Any

import keras
import numpy as np


def uniform_by_fan_in() -> Any:
    """U(-1/sqrt(n), 1/sqrt(n)) for n inputs to each unit."""
    return keras.initializers.VarianceScaling(scale=1 / 3, mode="fan_in", distribution="uniform")


def make_partly_identity(kernel: Any) -> None:
    """Output channel j becomes a copy of input channel j, as far as there are inputs.

    The Dirac initialisation of Zagoruyko & Komodakis 2017 (arXiv:1706.00388), with the channels
    beyond left at random.

    Args:
        kernel: the variable of a 2-D convolution, (height, width, inputs, outputs).
    """
    values = np.array(keras.ops.convert_to_numpy(kernel))
    height, width, inputs, outputs = values.shape
    channels = np.arange(min(inputs, outputs))
    values[..., channels] = 0.0
    values[height // 2, width // 2, channels, channels] = 1.0
    kernel.assign(values)
