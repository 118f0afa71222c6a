"""Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682)."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fmtool.config.base import NonNegativeInt, PositiveFloat, Rate
from fmtool.errors import UsageError
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["schedule_free_adamw"]
    beta_1: Annotated[float, Field(gt=0, lt=1)]
    beta_2: Rate
    epsilon: PositiveFloat
    warmup_steps: NonNegativeInt

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        super().require_effect(steps_per_epoch=steps_per_epoch, epochs=epochs)
        updates = steps_per_epoch * epochs // (self.gradient_accumulation_steps or 1)
        if self.warmup_steps >= updates:
            raise UsageError(
                f"optimizer.warmup_steps: a warm-up of {self.warmup_steps} updates does not fit "
                f"into a run of {updates}",
                fix="lower optimizer.warmup_steps or raise epochs",
            )


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    import keras

    return keras.optimizers.ScheduleFreeAdamW(learning_rate=learning_rate, **keras_arguments(cfg))
