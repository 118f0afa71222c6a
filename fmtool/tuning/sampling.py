"""Optuna's sampler and pruner for a study, the same for every worker and after every restart."""

import hashlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import product
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from fmtool import extras, options, validate
from fmtool.errors import UsageError
from fmtool.tuning.definition import Definition, pruner_of
from fmtool.tuning.dimension import Value


class SampledByNumber(BaseSampler):
    """A sampler that is made anew for each trial, with a seed of its number and the study's.

    So no two workers draw the same, and what a trial draws does not depend on who drew before it
    in the same process.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make, self._seed = make, seed
        self._samplers: dict[int, BaseSampler] = {}

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if trial.number not in self._samplers:
            self._samplers[trial.number] = self._make(derived_seed(self._seed, trial.number))
        return self._samplers[trial.number]

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._of(trial).before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        self._of(trial).after_trial(study, trial, state, values)
        self._samplers.pop(trial.number, None)


def derived_seed(seed: int, number: int) -> int:
    """Below 2**32, and another one for each trial."""
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def sampler_of(definition: Definition) -> BaseSampler:
    """Raises UsageError where a library of the sampler's is missing."""
    cfg = validate.option("tuner", definition.tuner)
    own = options.tuner(cfg.name)
    for package in own.NEEDS:
        if find_spec(package) is None:
            raise UsageError(f"tuner={cfg.name} needs {package}", fix=extras.install(package))
    if own.LISTS:
        # Nothing is left to draw: a listed point fixes every parameter.
        return RandomSampler(seed=definition.seed)
    build = own.build
    if build is None:
        raise UsageError(
            f"tuner={cfg.name} neither lists points nor draws them",
            fix="add build(cfg, seed) to its file",
        )
    if own.ONE_SEQUENCE:
        return build(cfg, definition.seed)
    return SampledByNumber(lambda seed: build(cfg, seed), definition.seed)


def pruner_for(definition: Definition) -> BasePruner:
    if not definition.can_prune:
        return NopPruner()
    cfg = pruner_of(definition)
    return options.pruner(cfg.name).build(cfg, definition.epochs)


def listed(definition: Definition) -> list[dict[str, Value]] | None:
    """Every point, by the dimensions' names, of a tuner that takes them in turn; else None."""
    cfg: Any = validate.option("tuner", definition.tuner)
    if not options.tuner(cfg.name).LISTS:
        return None
    found: list[dict[str, Value]] = []
    for values in product(*(each.domain.points(cfg.points) for each in definition.dimensions)):
        point: dict[str, Value] = {}
        chosen: dict[str, str] = {}
        for dimension, value in zip(definition.dimensions, values, strict=True):
            if dimension.is_active(chosen):
                point[dimension.name] = value
                if dimension.is_group:
                    chosen[dimension.key] = str(value)
        if point not in found:
            found.append(point)
    return found
