"""The Keras optimizer behind `optimizer=muon_sgd`; imported inside `build`, where Keras is."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

_A, _B, _C = 3.4445, -4.775, 2.0315
"""Those of the quintic a x + b x^3 + c x^5, steepest at 0 while singular values stay near 1."""
_TINY = 1e-7


def orthogonalize(matrices: Any, *, steps: int, dtype: str) -> Any:
    """The nearest orthogonal matrices, roughly: singular values come close to 1.

    Newton-Schulz iteration as in Muon (Jordan et al. 2024).

    Args:
        matrices: float32 (n, rows, columns).
        dtype: what the iteration computes in; the result is float32.
    """
    rows, columns = matrices.shape[1:]
    x = ops.swapaxes(matrices, 1, 2) if rows > columns else matrices
    x = x / (ops.sqrt(ops.sum(ops.square(x), axis=(1, 2), keepdims=True)) + _TINY)
    x = ops.cast(x, dtype)
    for _ in range(steps):
        gram = ops.matmul(x, ops.swapaxes(x, 1, 2))
        x = _A * x + ops.matmul(_B * gram + _C * ops.matmul(gram, gram), x)
    x = ops.cast(x, "float32")
    return ops.swapaxes(x, 1, 2) if rows > columns else x


@keras.saving.register_keras_serializable(package="fmtool")
class MuonSGD(keras.optimizers.Optimizer):  # type: ignore[misc]  # Keras ships no types
    """Muon for variables of rank 4, SGD with Nesterov momentum for all others.

    Before its step a kernel is scaled to the norm sqrt(outputs), so weight decay leaves it out.
    With a gradient g, a momentum m = momentum * m + g and u = g + momentum * m, a kernel takes a
    step along the orthogonalised u, any other variable along u itself.
    """

    def __init__(
        self,
        learning_rate: Any,
        *,
        momentum: float,
        ns_steps: int,
        sgd_momentum: float,
        sgd_lr_ratio: float,
        name: str = "muon_sgd",
        **options: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, name=name, **options)
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.sgd_momentum = sgd_momentum
        self.sgd_lr_ratio = sgd_lr_ratio

    def build(self, variables: Sequence[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momenta = self.add_optimizer_variables(variables, "momentum")
        is_half = keras.config.dtype_policy().compute_dtype in ("bfloat16", "float16")
        self._iteration_dtype = "bfloat16" if is_half else "float32"

    def get_config(self) -> dict[str, Any]:
        own = ("momentum", "ns_steps", "sgd_momentum", "sgd_lr_ratio")
        return {**super().get_config(), **{key: getattr(self, key) for key in own}}

    def _backend_update_step(
        self, grads: Sequence[Any], trainable_variables: Sequence[Any], learning_rate: Any
    ) -> None:
        self._parallel_update_step(grads, trainable_variables, learning_rate)

    def _parallel_update_step(
        self, grads: Sequence[Any], variables: Sequence[Any], learning_rate: Any
    ) -> None:
        """The update of many variables at once, as Keras' optimizers on torch call it."""
        learning_rate = ops.cast(learning_rate, "float32")
        kernels: dict[tuple[int, ...], list[tuple[Any, Any]]] = {}
        for gradient, variable in zip(grads, variables, strict=True):
            if _is_kernel(variable):
                update = self._nesterov(gradient, variable, self.momentum)
                kernels.setdefault(tuple(variable.shape), []).append((variable, update))
            else:
                update = self._nesterov(gradient, variable, self.sgd_momentum)
                self.assign_sub(variable, learning_rate * self.sgd_lr_ratio * update)
        for members in kernels.values():
            self._update_kernels(members, learning_rate)

    def _nesterov(self, gradient: Any, variable: Any, momentum: float) -> Any:
        buffer = self._momenta[self._get_variable_index(variable)]
        value = momentum * buffer + gradient
        self.assign(buffer, value)
        return gradient + momentum * value

    def _update_kernels(self, members: Sequence[tuple[Any, Any]], learning_rate: Any) -> None:
        """Updates kernels of one shape, (variable, update) each, iterated together."""
        shape = tuple(members[0][0].shape)
        matrix = (math.prod(shape[:-1]), shape[-1])
        stacked = ops.stack([ops.reshape(update, matrix) for _, update in members])
        orthogonal = orthogonalize(stacked, steps=self.ns_steps, dtype=self._iteration_dtype)
        for number, (variable, _) in enumerate(members):
            norm = ops.sqrt(ops.sum(ops.square(variable))) + _TINY
            projected = variable * (math.sqrt(shape[-1]) / norm)
            step = learning_rate * ops.reshape(orthogonal[number], shape)
            self.assign(variable, projected - step)

    def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
        super()._apply_weight_decay([each for each in variables if not _is_kernel(each)])


def _is_kernel(variable: Any) -> bool:
    return len(variable.shape) == 4
