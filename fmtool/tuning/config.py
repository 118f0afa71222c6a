"""The keys of `fmtool tune` itself, typed."""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool import validate
from fmtool.config.base import Config, NonNegativeInt, PositiveFloat, PositiveInt
from fmtool.pruners.base import PrunerConfig
from fmtool.schema import GateConfig
from fmtool.tuners.base import TunerConfig


class StudyBudget(Config):
    trials: PositiveInt
    minutes: PositiveFloat | None
    target: float | None
    stagnation: PositiveInt | None


class NoCluster(Config):
    """Workers on this machine only."""

    name: Literal["none"]


class SlurmCluster(Config):
    """Workers as an array of SLURM jobs."""

    name: Literal["slurm"]
    workers: PositiveInt
    cpus: PositiveInt
    gpus: NonNegativeInt
    memory_gb: PositiveFloat | None
    minutes: PositiveInt
    partition: str | None


class RayCluster(Config):
    """Workers as tasks of a Ray cluster."""

    name: Literal["ray"]
    address: str
    workers: PositiveInt
    cpus: PositiveInt
    gpus: NonNegativeInt


Cluster = Annotated[NoCluster | SlurmCluster | RayCluster, Field(discriminator="name")]


class WorkConfig(Config):
    jobs: PositiveInt
    retries: NonNegativeInt
    trial_minutes: PositiveFloat | None
    lease_seconds: Annotated[float, Field(ge=1)]
    patience_seconds: PositiveFloat
    plots: bool
    cluster: Cluster


class TuneConfig(Config):
    """Everything but the training that is tuned."""

    study: str | None
    storage: str | None
    objective: str | list[str]
    """As typed; which metrics there are depends on what is trained."""
    space: str
    budget: StudyBudget
    constraint: GateConfig
    gate: GateConfig
    tune: WorkConfig
    tuner: TunerConfig
    pruner: PrunerConfig
    runs_dir: str


def tune_config(raw: dict[str, Any]) -> TuneConfig:
    """Raises UsageError naming the key, its value and what is accepted."""
    values = dict(raw)
    for group in ("tuner", "pruner"):
        values[group] = validate.option(group, values.get(group))
    return validate.keys_of(TuneConfig, values, prefix="")
