"""Covariance matrix adaptation (Hansen and Ostermeier, 2001): numbers that depend on each other."""

from typing import Any, Literal

from fmtool.config.base import PositiveInt
from fmtool.tuners.base import TunerConfig

NEEDS = ("cmaes",)


class Config(TunerConfig):
    name: Literal["cmaes"]
    startup_trials: PositiveInt
    population: PositiveInt | None


def build(cfg: Config, seed: int) -> Any:
    import optuna

    return optuna.samplers.CmaEsSampler(
        n_startup_trials=cfg.startup_trials,
        popsize=cfg.population,
        seed=seed,
        independent_sampler=optuna.samplers.RandomSampler(seed=seed),
        warn_independent_sampling=False,
    )
