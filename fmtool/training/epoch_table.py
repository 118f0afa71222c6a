"""The rows and draws of an epoch on the device, a whole batch in each line."""

from collections.abc import Callable
from typing import Any

from fmtool.training.plan import Plan


class EpochTable:
    """Put on the device anew when an epoch begins.

    Args:
        to_device: makes a tensor of the backend from an array.
    """

    def __init__(self, plan: Plan, to_device: Callable[[Any], Any]) -> None:
        self._plan, self._to_device = plan, to_device
        self._epoch: int | None = None
        self._batches: tuple[Any, Any] = ((), ())

    @property
    def lines(self) -> int:
        """Whole batches; a smaller one may follow them."""
        return self._plan.samples // self._plan.batch_size

    def batches(self) -> tuple[Any, Any]:
        """Rows (lines, batch) and draws (lines, batch, k) of the current epoch."""
        if self._epoch != self._plan.epoch:
            size = self._plan.batch_size
            rows, draws = (
                self._to_device(
                    each[: self.lines * size].reshape(self.lines, size, *each.shape[1:])
                )
                for each in self._plan.arrays()
            )
            self._epoch, self._batches = self._plan.epoch, (rows, draws)
        return self._batches
