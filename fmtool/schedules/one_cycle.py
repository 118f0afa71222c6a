"""One rise and one fall of the learning rate over the run (Smith & Topin 2018, arXiv:1708.07120).

The published cycle of the momentum is left out: Keras fixes a momentum when it builds the step.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fmtool.schedules.base import ScheduleConfig, with_warmup

if TYPE_CHECKING:
    import keras

Divisor = Annotated[float, Field(ge=1)]


class Config(ScheduleConfig):
    """The keys are spelled as PyTorch spells them, since Keras has no such schedule."""

    name: Literal["one_cycle"]
    pct_start: Annotated[float, Field(gt=0, lt=1)]
    """The fraction of the cycle that rises."""
    div_factor: Divisor
    """The first learning rate is the peak divided by this."""
    final_div_factor: Divisor
    """The last learning rate is the first divided by this."""
    anneal_strategy: Literal["cos", "linear"]


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    from fmtool.schedules.shared.curves import OneCycle

    warmup = cfg.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
    length = steps_per_epoch * epochs - warmup
    rise = max(1, round(cfg.pct_start * length))
    schedule = OneCycle(
        initial=learning_rate / cfg.div_factor,
        peak=learning_rate,
        final=learning_rate / cfg.div_factor / cfg.final_div_factor,
        rise_steps=rise,
        fall_steps=max(1, length - rise),
        anneal_strategy=cfg.anneal_strategy,
    )
    return with_warmup(schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs)
