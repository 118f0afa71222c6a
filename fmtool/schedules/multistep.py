"""The learning rate times `factor` at each milestone of the run."""

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from fmtool.config.base import NonNegativeFloat, PositiveFloat, Rate
from fmtool.schedules.base import ScheduleConfig, beyond_the_end, with_warmup

if TYPE_CHECKING:
    import keras


class Config(ScheduleConfig):
    name: Literal["multistep"]
    milestones: Annotated[list[Rate], Field(min_length=1)]
    """Fractions of the run, warm-up included, in rising order."""
    milestone_epochs: Annotated[list[NonNegativeFloat], Field(min_length=1)] | None
    """Epochs that have passed, in rising order; null to go by `milestones`."""
    factor: PositiveFloat

    @model_validator(mode="after")
    def _milestones_rise(self) -> Self:
        for key in ("milestones", "milestone_epochs"):
            if any(a >= b for a, b in pairwise(getattr(self, key) or [])):
                raise ValueError(f"{key} must rise from one to the next: {getattr(self, key)}")
        return self

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        super().require_effect(steps_per_epoch=steps_per_epoch, epochs=epochs)
        last = (self.milestone_epochs or [0.0])[-1]
        if round(last * steps_per_epoch) >= epochs * steps_per_epoch:
            raise beyond_the_end("milestone_epochs", begin=last, epochs=epochs)


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    import keras

    epochs_passed = cfg.milestone_epochs or [part * epochs for part in cfg.milestones]
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
        # Keras changes the value at the step after a boundary.
        boundaries=[round(passed * steps_per_epoch) - 1 for passed in epochs_passed],
        values=[learning_rate * cfg.factor**drops for drops in range(len(epochs_passed) + 1)],
    )
    return with_warmup(
        schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs, is_postponed=False
    )
