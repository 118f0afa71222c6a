"""Gives up what is not among the best part of the earlier trials at the same epoch."""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import NonNegativeInt, PositiveInt
from fmtool.pruners.base import PrunerConfig


class Config(PrunerConfig):
    name: Literal["percentile"]
    percentile: Annotated[float, Field(gt=0, lt=100)]
    startup_trials: NonNegativeInt
    min_epochs: PositiveInt


def build(cfg: Config, epochs: int) -> Any:
    import optuna

    return optuna.pruners.PercentilePruner(
        cfg.percentile,
        n_startup_trials=cfg.startup_trials,
        n_warmup_steps=cfg.min_epochs - 1,
    )
