"""Tree-structured Parzen estimator (Bergstra et al., 2011), for all parameters together."""

from typing import Any, Literal

from fmtool.config.base import PositiveInt
from fmtool.tuners.base import TunerConfig


class Config(TunerConfig):
    name: Literal["tpe"]
    startup_trials: PositiveInt
    candidates: PositiveInt


def build(cfg: Config, seed: int) -> Any:
    import optuna

    return optuna.samplers.TPESampler(
        n_startup_trials=cfg.startup_trials,
        n_ei_candidates=cfg.candidates,
        seed=seed,
        multivariate=True,
        group=True,  # parameters that only some trials have are modelled where they are
        constant_liar=True,
    )
