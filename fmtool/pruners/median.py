"""Gives up what is worse than half of the earlier trials were at the same epoch."""

from typing import Any, Literal

from fmtool.config.base import NonNegativeInt, PositiveInt
from fmtool.pruners.base import PrunerConfig


class Config(PrunerConfig):
    name: Literal["median"]
    startup_trials: NonNegativeInt
    min_epochs: PositiveInt


def build(cfg: Config, epochs: int) -> Any:
    import optuna

    return optuna.pruners.MedianPruner(
        n_startup_trials=cfg.startup_trials, n_warmup_steps=cfg.min_epochs - 1
    )
