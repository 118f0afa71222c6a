"""The rows and draws of an epoch on the device, a whole batch in each line."""

from collections.abc import Callable, Iterator
from typing import Any

from fmtool.training.step.plan import BatchPlan


class EpochTable:
    """Put on the device anew when an epoch begins.

    Args:
        to_device: makes a tensor of the backend from an array.
    """

    def __init__(self, plan: BatchPlan, to_device: Callable[[Any], Any]) -> None:
        self._plan, self._to_device = plan, to_device
        self._epoch: int | None = None
        self._batches: tuple[Any, Any] = ((), ())
        self._next_epoch: int | None = None
        self._next_batches: tuple[Any, Any] = ((), ())
        self._iterator: Any = None
        self._next_step = 0

    @property
    def lines(self) -> int:
        """Whole batches; a smaller one may follow them."""
        return self._plan.samples // self._plan.batch_size

    def specs(self) -> tuple[tuple[tuple[int, ...], str], ...]:
        """Shape and dtype of each array of `batches`."""
        shape = self.lines, self._plan.batch_size
        return (shape, "int32"), ((*shape, self._plan.draws), "float32")

    def batches(self) -> tuple[Any, Any]:
        """Rows (lines, batch) and draws (lines, batch, k) of the current epoch."""
        epoch = self._plan.epoch
        if epoch not in (self._epoch, self._next_epoch):
            self._epoch, self._batches = epoch, self._on_device(self._plan.arrays())
        elif epoch == self._next_epoch:
            self._epoch, self._batches = epoch, self._next_batches
            self._next_epoch, self._next_batches = None, ((), ())
        return self._batches

    def prepare_next(self) -> None:
        """Puts the next epoch on the device, while that still computes the last steps of this."""
        if self._plan.shuffles:
            self._next_epoch = self._plan.epoch + 1
            self._next_batches = self._on_device(self._plan.arrays_of(self._next_epoch))

    def steps(self, iterator: Iterator[tuple[Any]], length: int) -> range:
        """The next steps that fit asks for, at most `length`; none behind the last.

        Args:
            iterator: of the numbers of the steps, of which only the first is looked at: the others
                follow, an epoch has an iterator of its own. Looking at one waits for the device.
        """
        if iterator is not self._iterator:
            self._iterator, self._next_step = iterator, int(next(iterator)[0])
        begin = self._next_step
        self._next_step = self._plan.dispatch_end(begin, length)
        return range(begin, self._next_step)

    def _on_device(self, arrays: tuple[Any, Any]) -> tuple[Any, Any]:
        size, lines = self._plan.batch_size, self.lines
        rows, draws = (
            self._to_device(each[: lines * size].reshape(lines, size, *each.shape[1:]))
            for each in arrays
        )
        return rows, draws


class FedSteps:
    """The steps of each dispatch where batches are fed that do not say which one they are.

    Args:
        length: steps that a dispatch has at most.
    """

    def __init__(self, plan: BatchPlan, length: int) -> None:
        self._plan, self._length = plan, length
        self._epoch: int | None = None
        self._begin = 0

    def next(self) -> range:
        """Those that follow; none behind the last of the epoch."""
        if self._epoch != self._plan.epoch:
            self._epoch, self._begin = self._plan.epoch, self._plan.start
        begin, self._begin = self._begin, self._plan.dispatch_end(self._begin, self._length)
        return range(begin, self._begin)
