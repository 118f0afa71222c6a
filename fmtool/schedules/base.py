"""The keys of all schedules: the warm-up and the lengths that follow from the run.

A step is one batch. A length in epochs is turned into steps here, once; a schedule reaches its
final value at the step after its last one, as `decay_steps` means in Keras.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from pydantic import model_validator

from fmtool.config.base import (
    Fraction,
    NamedConfig,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
)
from fmtool.errors import UsageError
from fmtool.metric import Metric

if TYPE_CHECKING:
    import keras


class ScheduleConfig(NamedConfig):
    """The linear warm-up that may precede any schedule."""

    warmup_steps: NonNegativeInt
    warmup_epochs: NonNegativeFloat
    """Parts of an epoch are allowed; rounded to whole steps."""
    warmup_start: Fraction
    """The fraction of the learning rate that the first step has."""

    @model_validator(mode="after")
    def _one_length_of_warmup(self) -> Self:
        if self.warmup_steps and self.warmup_epochs:
            raise ValueError("warmup_steps and warmup_epochs exclude each other; leave one at 0")
        return self

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        """Raises UsageError for what a run of this length ends before; a step is one batch."""
        self.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)

    def remarks(self, *, epochs: int) -> Iterator[str]:
        """Lines on what such a run cannot come to, though it is no mistake."""
        return iter(())

    def warmup_length(self, *, steps_per_epoch: int, epochs: int) -> int:
        """The warm-up in steps.

        Raises:
            UsageError: the warm-up leaves no step of the run for the schedule itself.
        """
        steps = self.warmup_steps or round(self.warmup_epochs * steps_per_epoch)
        total = steps_per_epoch * epochs
        if steps >= total:
            key = "warmup_steps" if self.warmup_steps else "warmup_epochs"
            raise UsageError(
                f"schedule.{key}: a warm-up of {steps} steps does not fit into a run of {total}",
                fix=f"lower schedule.{key} or raise epochs",
            )
        return steps


class DecayConfig(ScheduleConfig):
    """A schedule whose one decay ends with the run, or after `decay_epochs`."""

    decay_epochs: PositiveFloat | None
    """Counted from the end of the warm-up; null for the rest of the run."""

    def require_a_drop(self, *, steps_per_epoch: int, epochs: int) -> None:
        """UsageError where a decay in whole lengths of `decay_epochs` never does its first."""
        warmup = self.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
        steps = warmup + self.decay_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
        if steps >= epochs * steps_per_epoch:
            raise beyond_the_end("decay_epochs", begin=steps / steps_per_epoch, epochs=epochs)

    def decay_length(self, *, steps_per_epoch: int, epochs: int) -> int:
        """The decay in steps, at least one."""
        if self.decay_epochs is not None:
            return max(1, round(self.decay_epochs * steps_per_epoch))
        warmup = self.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
        return steps_per_epoch * epochs - warmup


class Build(Protocol):
    def __call__(
        self, cfg: Any, /, *, learning_rate: float, steps_per_epoch: int, epochs: int
    ) -> Any:
        """The learning rate of each step: a number, or a Keras LearningRateSchedule."""


class Attach(Protocol):
    def __call__(self, schedule: Any, optimizer: Any, /) -> None:
        """Gives the optimizer the variable by which a schedule that follows a metric acts."""


class FollowMetric(Protocol):
    def __call__(self, cfg: Any, schedule: Any, /, *, metric: Metric) -> Any:
        """The Keras callback that changes the learning rate of an attached schedule.

        Args:
            metric: in the logs of each epoch.
        """


@dataclass(frozen=True)
class ScheduleOption:
    """The contract of a schedule's file: its names, each a field.

    Args:
        attach, callback: of one that follows a metric; both or none.
    """

    Config: type[ScheduleConfig]
    build: Build
    attach: Attach | None = None
    callback: FollowMetric | None = None


def beyond_the_end(key: str, *, begin: float, epochs: int) -> UsageError:
    """For a schedule whose first change, after so many epochs, comes when the run has ended.

    Args:
        key: of the schedule, which says so.
        begin: epochs that have passed then, warm-up included.
    """
    return UsageError(
        f"schedule.{key}: a change after {begin:g} epochs is no earlier than the end of the run, "
        f"after {epochs}",
        fix=f"epochs={math.floor(begin) + 1} or more, or a smaller schedule.{key}",
    )


def with_warmup(
    schedule: "float | keras.optimizers.schedules.LearningRateSchedule",
    cfg: ScheduleConfig,
    *,
    steps_per_epoch: int,
    epochs: int,
    is_postponed: bool = True,
) -> "float | keras.optimizers.schedules.LearningRateSchedule":
    """`schedule` behind the warm-up that `cfg` asks for; `schedule` itself when it asks for none.

    Args:
        is_postponed: the schedule starts when the warm-up ends, not together with it.
    """
    steps = cfg.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
    if not steps:
        return schedule
    from fmtool.schedules.shared.curves import WarmUp

    return WarmUp(schedule, steps=steps, start=cfg.warmup_start, delay=steps if is_postponed else 0)
