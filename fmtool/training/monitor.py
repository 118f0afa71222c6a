"""Which epoch is the best one, by one metric."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from fmtool.runs.result import Best


@dataclass
class Monitor:
    """Follows `name` over the epochs; without a name the last epoch is the best.

    Args:
        loss, headline: the function that is minimized, and the metric of rows that compares where
            it does not; see `Best`.
    """

    name: str | None
    loss: str | None = None
    headline: str | None = None
    best: Best | None = field(default=None, init=False)

    @property
    def mode(self) -> str:
        """`min` for losses, `max` for everything else."""
        return "min" if self.name is None or self.name.endswith("loss") else "max"

    def take(self, row: dict[str, Any]) -> bool:
        """Whether the epoch of this row is the best so far."""
        value = None if self.name is None else float(row[self.name])
        if value is not None and not self._is_better(value):
            return False
        headline = self.headline if self.headline in row else None
        self.best = Best(
            row["epoch"],
            row["step"],
            self.name or "last epoch",
            value,
            loss=self.loss,
            headline={} if headline is None else {headline: float(row[headline])},
        )
        return True

    def state(self) -> dict[str, Any]:
        """The best epoch so far, for a checkpoint."""
        return {"best": None if self.best is None else asdict(self.best)}

    def restore(self, state: dict[str, Any]) -> None:
        self.best = None if state["best"] is None else Best(**state["best"])

    def _is_better(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if self.best is None or self.best.value is None:
            return True
        return value < self.best.value if self.mode == "min" else value > self.best.value


def resolve(monitor: str, *, has_validation: bool) -> str | None:
    """`auto` as the name of a metric: val_loss, or None for the last epoch without validation."""
    if monitor != "auto":
        return monitor
    return "val_loss" if has_validation else None


def headline(task: Any) -> str | None:
    """The column of rows with the first metric of a task's module on the validation split."""
    # Not every task of a plugin says so.
    name: str | None = getattr(task, "HEADLINE", None)
    return None if name is None else f"val_{name}"
