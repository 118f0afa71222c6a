"""The feed of `fit`: the samples of each batch, with the uniforms their augmentation uses.

Where the samples lie on the device in one table, see `indexed_model`, `feed` gives the numbers of
steps; where they lie in main memory or on disk, `sample_feed` gives the samples themselves. Both
stand for the same samples in the same order.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.read_ahead import read_ahead
from fmtool.data.splitting.splits import Split
from fmtool.training.step.plan import BatchPlan
from fmtool.trees import leaves, mapped, packed

Samples = tuple[Any, Any, NDArray[np.float32]]
"""Images (b, h, w, c) or what else the split holds, its targets (b, ...) and draws (b, k).

Of the first two each may be a tree of arrays."""


def feed(plan: BatchPlan, *, start: int = 0, length: int = 1) -> Any:
    """The numbers of the steps of `plan`, in a form that Keras takes on the active backend.

    Rows and draws are on the device already, see `tensorflow_dispatch` and its siblings.

    Args:
        start: batches of each epoch that are left out, because training goes on behind them.
        length: steps that a dispatch has at most.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _tensorflow_feed(plan, start, length)
    numbers = StepNumbers(plan, start, length)
    return _torch_loader(numbers) if backend == "torch" else numbers


@contextmanager
def sample_feed(
    plan: BatchPlan, split: Split, *, start: int = 0, length: int = 1, workers: int | None = None
) -> Iterator[Any]:
    """The samples of `plan`, read by threads in bounded memory, in the form of the backend.

    Batches are `Samples`. At the exit the threads end, and where one of them could not read a
    sample, its error is what is raised.

    Args:
        start: batches of each epoch that are left out, because training goes on behind them.
        length: steps that a dispatch has at most.
        workers: threads; None for as many as there are cores.
    """
    samples = SampleFeed(plan, split, start, length, workers)
    backend = keras.backend.backend()
    try:
        if backend == "tensorflow":
            yield _tensorflow_sample_feed(samples)
        else:
            yield _torch_loader(samples) if backend == "torch" else samples
    except Exception:
        # TensorFlow gives an error of a reader as one of its own, with a traceback as its text.
        if samples.error is not None:
            raise samples.error from None
        raise
    finally:
        samples.close()


class SampleFeed(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Batches of samples, which are read ahead as long as they are taken one after another.

    Behind those of an epoch the last one stands for what Keras is told of beyond; see
    `BatchPlan.fed`.
    """

    def __init__(
        self,
        plan: BatchPlan,
        split: Split,
        start: int = 0,
        length: int = 1,
        workers: int | None = None,
    ) -> None:
        super().__init__()
        self.plan, self.split, self.start, self.length = plan, split, start, length
        plan.start = start
        self.error: Exception | None = None
        """The error that kept a sample from being read."""
        self._threads = workers
        self._reading = read_ahead(split.x, ())
        self._next = (-1, -1)
        self._last: Samples | None = None
        self._is_closed = False
        # tf.data may ask for a batch while the training ends.
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self.plan.fed(self.start, self.length)

    def __getitem__(self, number: int) -> Samples:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("a batch is asked for after the end")
            if self._last is not None and number >= self.plan.steps - self.start:
                return self._last
            rows, draws = self.plan.arrays()
            if (self.plan.epoch, number) != self._next:
                self._read_from(number, rows)
            try:
                samples = next(self._reading)
            except Exception as error:
                self.error = error
                raise
            self._next = (self.plan.epoch, number + 1)
            batch = self.plan.batch(self.start + number)
            chosen = rows[batch]
            targets = mapped(lambda each: each[chosen], self.split.y)
            self._last = samples, targets, draws[batch]
            return self._last

    def close(self) -> None:
        """Ends the threads."""
        with self._lock:
            self._is_closed = True
            self._reading.close()

    def _read_from(self, number: int, rows: NDArray[np.int32]) -> None:
        self._reading.close()
        numbers = range(self.start + number, self.plan.steps)
        batches = (rows[self.plan.batch(each)] for each in numbers)
        self._reading = read_ahead(self.split.x, batches, workers=self._threads)


class StepNumbers(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """The numbers of the steps, whose rows and draws are on the device already."""

    def __init__(self, plan: BatchPlan, start: int = 0, length: int = 1) -> None:
        super().__init__()
        self.plan, self.start, self.length = plan, start, length

    def __len__(self) -> int:
        return self.plan.fed(self.start, self.length)

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        return (np.asarray(self.start + number, np.int32),)


def _torch_loader(batches: SampleFeed | StepNumbers) -> Any:
    """A DataLoader, as Keras wants one, without its machinery.

    That would draw from torch's generator at each pass, on which dropout without a seed depends.
    Behind the last batch of a dispatch come as many None as Keras asks for to fill it.
    """
    from torch.utils.data import DataLoader

    class Batches(DataLoader):  # type: ignore[misc]  # mypy follows no torch
        def __iter__(self) -> Any:
            plan, length = batches.plan, batches.length
            begin = first = batches.start
            while (end := plan.dispatch_end(begin, length)) > begin:
                yield from map(batches.__getitem__, range(begin - first, end - first))
                yield from repeat(None, begin + length - end)
                begin = end
            yield from repeat(None)

    return Batches(batches, batch_size=None)


def _tensorflow_feed(plan: BatchPlan, start: int, length: int) -> Any:
    import tensorflow as tf

    numbers = tf.data.Dataset.range(start, start + plan.fed(start, length))
    return _untuned(numbers.map(lambda number: (number,)))


def _tensorflow_sample_feed(samples: SampleFeed) -> Any:
    import tensorflow as tf

    plan, split = samples.plan, samples.split
    size = plan.batch_size if plan.shuffles or plan.samples % plan.batch_size == 0 else None
    arrays = [*leaves(split.x), *leaves(split.y)]
    types = (*(tf.as_dtype(each.dtype) for each in arrays), tf.float32)
    shapes = (*((size, *each.shape[1:]) for each in arrays), (size, plan.draws))

    def batch(number: Any) -> Any:
        read = tf.numpy_function(lambda i: _flat(samples[int(i)]), [number], types)
        tensors = map(tf.ensure_shape, read, shapes)
        x, y = packed(split.x, tensors), packed(split.y, tensors)
        return x, y, next(tensors)

    left = plan.steps - samples.start
    batches = tf.data.Dataset.range(left).map(batch).prefetch(1)
    if len(samples) != left:
        # As many are never asked for.
        batches = batches.apply(tf.data.experimental.assert_cardinality(len(samples)))
    return _untuned(batches)


def _flat(batch: Samples) -> tuple[Any, ...]:
    return tuple(array for part in batch for array in leaves(part))


def _untuned(dataset: Any) -> Any:
    """Without the thread that tunes a pipeline, in which nothing is to be tuned here.

    It sleeps for up to a minute, now and then through the end of its iterator, which waits for it.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
