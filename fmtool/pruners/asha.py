"""Asynchronous successive halving (Li et al., 2020): at each rung the best part goes on."""

from typing import Any, Literal

from fmtool.config.base import NonNegativeInt, PositiveInt
from fmtool.pruners.base import PrunerConfig


class Config(PrunerConfig):
    name: Literal["asha"]
    min_epochs: PositiveInt
    reduction_factor: PositiveInt
    grace_rungs: NonNegativeInt


def build(cfg: Config, epochs: int) -> Any:
    import optuna

    return optuna.pruners.SuccessiveHalvingPruner(
        min_resource=cfg.min_epochs,
        reduction_factor=cfg.reduction_factor,
        min_early_stopping_rate=cfg.grace_rungs,
    )
