"""Slow copies of the weights that follow the fast ones and take their place every few steps.

Lookahead (Zhang et al. 2019, arXiv:1907.08610), over batch statistics too, and with a pull back
that may grow over the run as in the CIFAR-10 speed records (Jordan 2024, arXiv:2404.00498).
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


class Lookahead:
    """Slow weights in one vector: on a GPU that is one operation, not one for each weight.

    Args:
        weights: of the network, trainable or not; those that are not floating-point are left out.
        steps: steps between two updates of the slow weights.
        alpha: the share of the way that they go.
        growth: the share they stay behind, 1 - alpha, is times (step / total_steps) ** growth.
        total_steps: of the whole run; a step is one batch.
    """

    def __init__(
        self,
        weights: Sequence[Any],
        *,
        steps: int,
        alpha: float,
        growth: float,
        total_steps: int,
    ) -> None:
        self.weights = [each for each in weights if keras.backend.is_float_dtype(each.dtype)]
        self._sizes = [math.prod(each.shape) for each in self.weights]
        self._steps = steps
        self._alpha = alpha
        self._growth = growth
        self._total_steps = total_steps
        start = [np.ravel(ops.convert_to_numpy(each)) for each in self.weights]
        self.slow = keras.Variable(
            np.concatenate(start), dtype="float32", trainable=False, name="slow_weights"
        )
        """Float32 of shape (all weights,): the whole state."""

    def update(self, step: Any) -> None:
        """To be called after each step of the optimizer, as a part of the compiled step.

        Args:
            step: steps done, this one included; a scalar on the device.
        """
        is_due = ops.equal(ops.mod(step, self._steps), 0)
        if keras.backend.backend() == "torch":
            # A condition would wait for the device at every step.
            choices = zip(self._pulled(step), self._kept(), strict=True)
            weights = [ops.where(is_due, pulled, kept) for pulled, kept in choices]
        else:
            weights = ops.cond(is_due, lambda: self._pulled(step), self._kept)
        for variable, value in zip([self.slow, *self.weights], weights, strict=True):
            variable.assign(value)

    def share_of_start(self, kept: float, steps: int) -> float:
        """The share of its first value in a slow weight, if a step leaves `kept` of the fast one.

        Args:
            steps: done so far; a share that is below 1e-38 is 0.
        """
        slow = fast = 1.0
        for step in range(self._steps, steps + 1, self._steps):
            fast *= kept**self._steps
            slow += self._share_at(step) * (fast - slow)
            fast = slow
            if slow < 1e-38:
                return 0.0
        return slow

    def _share_at(self, step: int) -> float:
        if not self._growth:
            return self._alpha
        behind: float = (1.0 - self._alpha) * (step / self._total_steps) ** self._growth
        return 1.0 - behind

    def finalize(self) -> None:
        """To be called when training ends: the slow weights are its result."""
        for variable, value in zip(self.weights, self._split(self.slow.value), strict=True):
            # A copy: on JAX a single weight would share its buffer with the vector.
            variable.assign(ops.convert_to_numpy(value).copy())

    def _pulled(self, step: Any) -> list[Any]:
        """The slow vector after its update, and the weights that are equal to it."""
        slow = self.slow.value
        slow = slow + self._share(step) * (self._joined() - slow)
        return [slow, *self._split(slow)]

    def _kept(self) -> list[Any]:
        return [ops.stop_gradient(each.value) for each in [self.slow, *self.weights]]

    def _share(self, step: Any) -> Any:
        if not self._growth:
            return self._alpha
        progress = ops.cast(step, "float32") / self._total_steps
        return 1.0 - (1.0 - self._alpha) * ops.power(progress, self._growth)

    def _joined(self) -> Any:
        flat = [ops.reshape(ops.cast(each, "float32"), (-1,)) for each in self.weights]
        return ops.stop_gradient(ops.concatenate(flat))

    def _split(self, vector: Any) -> list[Any]:
        pieces = ops.split(vector, np.cumsum(self._sizes)[:-1].tolist())
        return [
            ops.cast(ops.reshape(piece, each.shape), each.dtype)
            for piece, each in zip(pieces, self.weights, strict=True)
        ]
