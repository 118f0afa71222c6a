"""By which figure the best epochs of several runs compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmtool.metric import Metric, is_loss

Best = Mapping[str, Any]
"""The entry `best` of a result.json."""


@dataclass(frozen=True)
class Measure:
    """A figure that all of the runs have, and that means the same in each.

    Args:
        losses: what the monitored loss is, where it is not the same function in all of them; the
            figure is the task's headline on the validation split then.
    """

    metric: Metric
    losses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.metric.name

    def of(self, best: Best) -> float | None:
        """The figure at the best epoch of a run."""
        value = (best.get("headline") or {}).get(self.name) if self.losses else best["value"]
        return None if value is None else float(value)

    def why(self) -> str:
        """Says why it is not the monitored loss; empty where it is."""
        return different_losses(self.losses)


def different_losses(losses: Sequence[str]) -> str:
    """The reason why runs do not compare by their losses; empty where they do."""
    return f"as the loss is not the same: {'; '.join(losses)}" if losses else ""


def measure_of(bests: Sequence[Best]) -> Measure | None:
    """None for different monitors, or where the losses differ and a run has no headline."""
    monitors = {str(best["monitor"]) for best in bests}
    if len(monitors) != 1:
        return None
    (monitor,) = monitors
    losses = {str(best["loss"]) for best in bests if best.get("loss")}
    if not is_loss(monitor) or len(losses) < 2:
        return Measure(_metric(monitor, bests))
    names = {tuple(best.get("headline") or ()) for best in bests}
    if len(names) != 1 or names == {()}:
        return None
    (name,) = names.pop()
    return Measure(_metric(name, bests), tuple(sorted(losses)))


def _metric(name: str, bests: Sequence[Best]) -> Metric:
    """As the runs say it; those of earlier releases, all classifiers, do not."""
    for best in bests:
        goal = (best.get("goals") or {}).get(name)
        if goal is not None:
            return Metric(name, goal)
    return Metric(name, "min" if is_loss(name) else "max")
