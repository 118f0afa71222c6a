"""What `fit` is fed: batches of sample numbers, with the uniforms their augmentation uses.

The samples themselves stay on the device in one table; see `indexed_model`.
"""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fmtool.training import order


@dataclass
class Plan:
    """The index batches of each epoch. `epoch` is set before the epoch's first batch.

    Args:
        indices: int32 of shape (n,), rows of the table that take part.
        draws: uniforms for each sample.
        shuffles: whether the order changes from epoch to epoch; if so a last batch that would be
            smaller than the others is left out, and other samples fall into it each time.
    """

    indices: NDArray[np.int32]
    batch_size: int
    seed: int = 0
    draws: int = 0
    shuffles: bool = False
    epoch: int = 0
    _cached: tuple[int, NDArray[np.int32], NDArray[np.float32]] | None = field(
        default=None, init=False, repr=False
    )

    def __post_init__(self) -> None:
        self.batch_size = min(self.batch_size, len(self.indices))

    @property
    def steps(self) -> int:
        full, rest = divmod(len(self.indices), self.batch_size)
        return full if self.shuffles or not rest else full + 1

    @property
    def samples(self) -> int:
        """Samples seen in an epoch."""
        return self.steps * self.batch_size if self.shuffles else len(self.indices)

    def batch(self, number: int) -> slice:
        """Where the batch lies in `arrays`."""
        return slice(number * self.batch_size, (number + 1) * self.batch_size)

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """(samples,) int32 and (samples, draws) float32 of the current epoch."""
        if self._cached is None or self._cached[0] != self.epoch:
            rows = self.indices
            if self.shuffles:
                rows = order.shuffled(rows, seed=self.seed, epoch=self.epoch)[: self.samples]
            draws = order.uniforms(len(rows), self.draws, seed=self.seed, epoch=self.epoch)
            self._cached = (self.epoch, rows, draws)
        return self._cached[1], self._cached[2]


def feed(plan: Plan, table: tuple[Any, Any], *, start: int = 0) -> Any:
    """The feed of `plan` in the form the active backend iterates fastest over.

    On JAX each batch carries the table, (images, labels) on the device: what a jitted function
    closes over would be compiled in as a constant.

    Args:
        start: batches of each epoch that are left out, because training goes on behind them.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _tensorflow_feed(plan, start)
    if backend == "torch":
        return _torch_feed(plan, start)
    return IndexFeed(plan, table, start)


class IndexFeed(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Index batches, for JAX with the table beside each, for torch as what a DataLoader loads."""

    def __init__(self, plan: Plan, table: tuple[Any, Any] | None, start: int = 0) -> None:
        super().__init__()
        self._plan, self._start = plan, start
        self._tail = () if table is None else (table,)

    def __len__(self) -> int:
        return self._plan.steps - self._start

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        rows, draws = self._plan.arrays()
        batch = self._plan.batch(self._start + number)
        return (rows[batch], draws[batch], *self._tail)


def _torch_feed(plan: Plan, start: int) -> Any:
    """With a generator of its own: each pass of a DataLoader draws from it, and dropout without a
    seed draws from torch's, which shall not depend on how many passes there were."""
    from torch import Generator
    from torch.utils.data import DataLoader

    return DataLoader(IndexFeed(plan, None, start), batch_size=None, generator=Generator())


def _tensorflow_feed(plan: Plan, start: int) -> Any:
    """One call into Python an epoch; slicing the batches is tf.data's, off Python's lock."""
    import tensorflow as tf

    def epoch(_: Any) -> Any:
        rows, draws = tf.numpy_function(plan.arrays, [], (tf.int32, tf.float32))
        rows = tf.ensure_shape(rows, (plan.samples,))
        draws = tf.ensure_shape(draws, (plan.samples, plan.draws))
        if not plan.shuffles:
            return tf.data.Dataset.from_tensor_slices((rows, draws)).batch(plan.batch_size)
        shape = (plan.steps, plan.batch_size)
        rows, draws = tf.reshape(rows, shape), tf.reshape(draws, (*shape, plan.draws))
        return tf.data.Dataset.from_tensor_slices((rows[start:], draws[start:]))

    dataset = tf.data.Dataset.range(1).flat_map(epoch)
    return dataset.apply(tf.data.experimental.assert_cardinality(plan.steps - start)).prefetch(8)
