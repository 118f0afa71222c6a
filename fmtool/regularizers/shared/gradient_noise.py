"""Gaussian noise on the gradients, falling over the run; imported where Keras is."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


class _UpdateSeed(keras.random.SeedGenerator):  # type: ignore[misc]  # Keras ships no types
    """The pair (seed, updates so far), a pure function of the optimizer's own counter.

    Keras draws only from an int, which a compiled step would freeze, or from a SeedGenerator,
    whose state a checkpoint of the model and the optimizer does not hold.
    """

    def __init__(self, seed: int, optimizer: keras.optimizers.Optimizer) -> None:
        super().__init__(seed=seed)
        self._seed = seed
        self._optimizer = optimizer

    def next(self, ordered: bool = True) -> Any:
        updates = ops.cast(self._optimizer.iterations, self.state.dtype)
        return ops.stack([ops.full_like(updates, self._seed), updates])


def add_gradient_noise(optimizer: keras.optimizers.Optimizer, *, eta: float, seed: int) -> None:
    """Let `optimizer` add N(0, eta / (1 + t) ** 0.55) to the gradients of update t, from 0 on.

    Neelakantan et al. 2015 (arXiv:1511.06807). The noise comes before clipping and depends on
    `seed` and t alone, so a resumed run repeats it; backends draw different numbers from one
    seed. A saved optimizer does not carry it.
    """
    # Seeds next to each other must not give one another's noise an update later: torch adds the
    # two halves of the seed.
    mixed = int(np.random.SeedSequence(seed).generate_state(1)[0]) >> 1
    update_seed = _UpdateSeed(mixed, optimizer)
    apply = optimizer.apply

    def noisy_apply(grads: Sequence[Any], trainable_variables: Any = None) -> None:
        apply(_noisy(grads, optimizer, eta=eta, seed=update_seed), trainable_variables)

    optimizer.apply = noisy_apply


def _noisy(
    grads: Sequence[Any], optimizer: keras.optimizers.Optimizer, *, eta: float, seed: _UpdateSeed
) -> list[Any]:
    sizes = [0 if grad is None else math.prod(grad.shape) for grad in grads]
    updates = ops.cast(optimizer.iterations, "float32")
    stddev = ops.sqrt(eta / (1.0 + updates) ** 0.55)
    # One draw for all variables is one op in the step instead of one for each.
    noise = stddev * keras.random.normal((sum(sizes),), dtype="float32", seed=seed)
    pieces = ops.split(noise, np.cumsum(sizes)[:-1].tolist())
    return [
        None
        if grad is None
        else ops.add(grad, ops.cast(ops.reshape(piece, grad.shape), grad.dtype))
        for grad, piece in zip(grads, pieces, strict=True)
    ]
