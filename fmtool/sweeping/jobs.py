"""The trainings that a command stands for, all of them validated before the first one starts."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fmtool import validate
from fmtool.config import compose, user_defaults
from fmtool.config.arguments import top_key
from fmtool.config.sweep import expand
from fmtool.errors import UsageError
from fmtool.jobs.process import TrainingCommand
from fmtool.runs.identity import config_digest, request_digest
from fmtool.runs.layout import AUTO
from fmtool.runs.saved_config import flatten
from fmtool.schema import TrainConfig
from fmtool.sweeping.config import Shard

_RESUMING = f"resume={AUTO}"
_STARTING = frozenset({"resume", "allow_change", "dry_run"})
"""Free keys that say how a run is started, and nothing of the run."""


@dataclass(frozen=True)
class Job:
    """One training of a sweep.

    Args:
        number: its place in the whole sweep, from 1, which it keeps in a shard.
        point: the place, from 1, that it shares with its repetitions by `seeds`.
        varied: the overrides that tell it from the other jobs.
        overrides: all that its process is given.
        variant: tells it from jobs that differ in free keys alone; see `identity.VARIANT`.
        same_as: the number of the first job that asks for the same; None where it is that job.
    """

    number: int
    point: int
    varied: tuple[str, ...]
    overrides: tuple[str, ...]
    cfg: TrainConfig
    variant: str | None = None
    same_as: int | None = None

    @property
    def goes_on(self) -> bool:
        """True for a job that goes on with what an earlier run has done; not with `resume=null`."""
        return self.overrides[-1:] == (_RESUMING,) or self.cfg.resume == AUTO

    @property
    def runs_dir(self) -> Path:
        return Path(self.cfg.runs_dir)

    @cached_property
    def plain(self) -> dict[str, Any]:
        """Its config in JSON types."""
        return self.cfg.model_dump(mode="json", serialize_as_any=True)

    @cached_property
    def identity(self) -> str:
        """The same for equal trainings, as far as their data are the same."""
        return request_digest(self.plain, "", variant=self.variant)

    @property
    def settings(self) -> dict[str, str]:
        """The varied values, by key."""
        pairs = (word.lstrip("+").partition("=") for word in self.varied)
        return {key: value for key, _, value in pairs}


def jobs_of(command: TrainingCommand, overrides: Sequence[str], *, seeds: int | None) -> list[Job]:
    """Every job of the sweep in its order, the same ones told from the first of their kind.

    Raises UsageError or Refused for the first override, or combination, that is not accepted.

    Args:
        seeds: how often each point is repeated, with one seed after another.
    """
    # As a machine that was cut off repeats its line: what is done is found, and not done again.
    is_told = any(top_key(each) == "resume" for each in overrides)
    resume = () if is_told else (_RESUMING,)
    points = expand(list(overrides), command.folders)
    repeated = (
        (point, *each)
        for point, (varied, words) in enumerate(points, start=1)
        for each in _repeated(command, varied, words, seeds)
    )
    jobs = [
        Job(number, point, varied, (*words, *resume), cfg)
        for number, (point, varied, words, cfg) in enumerate(repeated, start=1)
    ]
    _check(jobs)
    return _told_apart(jobs)


def _repeated(
    command: TrainingCommand, varied: tuple[str, ...], words: tuple[str, ...], seeds: int | None
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], TrainConfig]]:
    """The varied values, all words and the config of each repetition of a point."""
    raw = compose.compose(command.config_name, list(words), folders=command.folders)
    # As each job, in a process of its own with the same variables, will find it.
    raw, _ = user_defaults.with_backend(raw, words)
    cfg = validate.train_config(raw)
    if seeds is None:
        yield varied, words, cfg
        return
    for seed in range(cfg.seed, cfg.seed + seeds):
        own = f"seed={seed}"
        yield (
            (*_without_seed(varied), own),
            (*_without_seed(words), own),
            validate.train_config({**raw, "seed": seed}),
        )


def _without_seed(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if top_key(word) != "seed")


def _check(jobs: Sequence[Job]) -> None:
    for cfg in (job.cfg for job in jobs):
        if cfg.dry_run:
            raise UsageError("dry_run=true cannot be swept", fix="leave out -m or dry_run")
        if cfg.resume not in (None, AUTO):
            raise UsageError(
                "a sweep cannot go on with one run", fix=f"write resume={AUTO}, or leave out -m"
            )
    if len({job.cfg.runs_dir for job in jobs}) > 1:
        raise UsageError(
            "runs_dir: the runs of a sweep lie beside each other", fix="name one runs_dir"
        )


def _told_apart(jobs: Sequence[Job]) -> list[Job]:
    """`jobs` with `variant` where only free keys tell them apart, `same_as` where nothing does."""
    alike: dict[str, list[Job]] = {}
    for job in jobs:
        alike.setdefault(job.identity, []).append(job)
    variants = {
        job.number: variant
        for group in alike.values()
        for job, variant in zip(group, _variants(group), strict=True)
    }
    first: dict[str, int] = {}
    told = []
    for job in jobs:
        named = replace(job, variant=variants[job.number])
        number = first.setdefault(named.identity, named.number)
        told.append(replace(named, same_as=None if number == named.number else number))
    return told


def _variants(alike: Sequence[Job]) -> list[str | None]:
    """Digests of the free keys in which jobs of one identity differ; None for those that do not."""
    free = [
        {key: value for key, value in flatten(job.plain).items() if key not in _STARTING}
        for job in alike
    ]
    everywhere = {json.dumps(each, sort_keys=True) for each in free}
    if len(everywhere) == 1:
        return [None] * len(alike)
    keys = {key for each in free for key in each}
    varying = [key for key in keys if any(each.get(key) != free[0].get(key) for each in free)]
    return [config_digest({key: each.get(key) for key in varying}) for each in free]


def sweep_digest(jobs: Sequence[Job], shard: Shard | None) -> str:
    """Identity of a sweep, or of a part of it: of all its trainings and their order."""
    identities = [job.identity for job in jobs if job.same_as is None]
    return config_digest({"jobs": identities, "shard": None if shard is None else str(shard)})


def of_shard(jobs: Sequence[Job], shard: Shard | None) -> list[Job]:
    """The jobs of one part: of what is trained every `parts`-th, and what is the same."""
    if shard is None:
        return list(jobs)
    trained = [job.number for job in jobs if job.same_as is None]
    chosen = set(trained[shard.number - 1 :: shard.parts])
    return [job for job in jobs if (job.same_as or job.number) in chosen]
