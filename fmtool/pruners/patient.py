"""Gives a trial up that has not improved for some epochs and is below the median of the others."""

from typing import Any, Literal

from fmtool.config.base import NonNegativeFloat, NonNegativeInt, PositiveInt
from fmtool.pruners.base import PrunerConfig


class Config(PrunerConfig):
    name: Literal["patient"]
    patience: PositiveInt
    min_delta: NonNegativeFloat
    startup_trials: NonNegativeInt


def build(cfg: Config, epochs: int) -> Any:
    import optuna

    median = optuna.pruners.MedianPruner(n_startup_trials=cfg.startup_trials)
    return optuna.pruners.PatientPruner(median, cfg.patience, cfg.min_delta)
