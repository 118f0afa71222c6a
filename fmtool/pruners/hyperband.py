"""Successive halving with several lengths of grace side by side (Li et al., 2018)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import PositiveInt
from fmtool.pruners.base import PrunerConfig


class Config(PrunerConfig):
    name: Literal["hyperband"]
    min_epochs: PositiveInt
    reduction_factor: Annotated[int, Field(ge=2)]


def build(cfg: Config, epochs: int) -> Any:
    import optuna

    return optuna.pruners.HyperbandPruner(
        min_resource=cfg.min_epochs,
        max_resource=max(epochs, cfg.min_epochs),
        reduction_factor=cfg.reduction_factor,
    )
