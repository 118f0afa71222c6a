"""The penalty behind `orthogonal`; imported where Keras is."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="fmtool")
class SoftOrthogonality(keras.Regularizer):  # type: ignore[misc]  # Keras ships no types
    """factor * the squared Frobenius norm of W^T W - I (Bansal et al. 2018, arXiv:1810.09102).

    W is the kernel as a matrix (fan in, filters), so that a convolution kernel (height, width,
    channels, filters) becomes (height * width * channels, filters); Keras'
    OrthogonalRegularizer takes matrices only. Where there are more filters than inputs, W W^T
    stands in for W^T W: the gradient is the same and the penalty can reach 0.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        filters = x.shape[-1]
        weights = ops.reshape(x, (-1, filters))
        if weights.shape[0] < filters:
            weights = ops.transpose(weights)
        gram = ops.matmul(ops.transpose(weights), weights)
        identity = ops.eye(gram.shape[0], dtype=gram.dtype)
        return self.factor * ops.sum(ops.square(gram - identity))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor}
