"""Cosine decays one after another, each `t_mul` times as long as the one before.

SGDR of Loshchilov & Hutter 2017 (arXiv:1608.03983).
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fmtool.config.base import Fraction, PositiveFloat, PositiveInt
from fmtool.schedules.base import ScheduleConfig, beyond_the_end, with_warmup

if TYPE_CHECKING:
    import keras


class Config(ScheduleConfig):
    name: Literal["cosine_restarts"]
    cycles: PositiveInt
    """The number of cycles after the warm-up, where `first_decay_epochs` is null."""
    first_decay_epochs: PositiveFloat | None
    t_mul: Annotated[float, Field(ge=1)]
    m_mul: PositiveFloat
    """The peak of a cycle divided by the peak of the one before."""
    alpha: Fraction
    """The fraction of the learning rate that is left at the end of a cycle."""

    def require_effect(self, *, steps_per_epoch: int, epochs: int) -> None:
        super().require_effect(steps_per_epoch=steps_per_epoch, epochs=epochs)
        if self.first_decay_epochs is None:
            return
        warmup = self.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
        begin = self.first_decay_epochs + warmup / steps_per_epoch
        if round(begin * steps_per_epoch) >= epochs * steps_per_epoch:
            raise beyond_the_end("first_decay_epochs", begin=begin, epochs=epochs)


def build(
    cfg: Config, *, learning_rate: float, steps_per_epoch: int, epochs: int
) -> "keras.optimizers.schedules.LearningRateSchedule":
    from fmtool.schedules.shared.curves import CosineRestarts

    warmup = cfg.warmup_length(steps_per_epoch=steps_per_epoch, epochs=epochs)
    schedule = CosineRestarts(
        learning_rate=learning_rate,
        starts=_starts(cfg, steps_per_epoch * epochs - warmup, steps_per_epoch),
        m_mul=cfg.m_mul,
        alpha=cfg.alpha,
    )
    return with_warmup(schedule, cfg, steps_per_epoch=steps_per_epoch, epochs=epochs)


def _starts(cfg: Config, length: int, steps_per_epoch: int) -> list[int]:
    """The first step of each cycle and the end of the last one, which is not before `length`."""
    if cfg.first_decay_epochs is None:
        cycle = length / sum(cfg.t_mul**index for index in range(cfg.cycles))
    else:
        cycle = cfg.first_decay_epochs * steps_per_epoch
    starts, end = [0], 0.0
    while starts[-1] < length:
        end += cycle
        starts.append(max(round(end), starts[-1] + 1))
        cycle *= cfg.t_mul
    return starts
