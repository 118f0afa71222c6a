"""Genetic search for several objectives at once (Deb et al., 2002)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import Fraction
from fmtool.tuners.base import TunerConfig


class Config(TunerConfig):
    name: Literal["nsgaii"]
    population: Annotated[int, Field(ge=2)]
    crossover: Fraction
    mutation: Fraction | None
    """None for one parameter of each child on average."""


def build(cfg: Config, seed: int) -> Any:
    import optuna

    return optuna.samplers.NSGAIISampler(
        population_size=cfg.population,
        crossover_prob=cfg.crossover,
        mutation_prob=cfg.mutation,
        seed=seed,
    )
