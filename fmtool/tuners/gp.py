"""Gaussian process with expected improvement, for few and expensive trials (Jones et al., 1998)."""

from typing import Any, Literal

from fmtool.config.base import PositiveInt
from fmtool.tuners.base import TunerConfig

NEEDS = ("torch", "scipy")


class Config(TunerConfig):
    name: Literal["gp"]
    startup_trials: PositiveInt


def build(cfg: Config, seed: int) -> Any:
    import optuna

    return optuna.samplers.GPSampler(
        n_startup_trials=cfg.startup_trials,
        seed=seed,
        independent_sampler=optuna.samplers.RandomSampler(seed=seed),
        warn_independent_sampling=False,
    )
