"""The plan of a sweep: jobs, what is done of them, samples and time; nothing is begun."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fmtool import options
from fmtool.data.base import DataConfig
from fmtool.runs.records import RunRecord, records
from fmtool.sweeping import folder
from fmtool.sweeping.earlier import DONE, ENDED, TO_DO, Earlier, earlier
from fmtool.sweeping.jobs import Job
from fmtool.sweeping.metrics_tail import last_epoch
from fmtool.sweeping.workflow import Sweep

_MAX_RUNS = 10
"""The newest runs of a model on a data set that say how fast it is now."""


@dataclass(frozen=True)
class Pace:
    """The speed of earlier runs of a model on a data set.

    Args:
        outside: seconds of a run that belong to no epoch, such as its start and its report.
        epoch: seconds.
        samples: that an epoch trained on.
    """

    outside: float
    epoch: float
    samples: int


@dataclass(frozen=True)
class Planned:
    """One job, before it begins.

    Args:
        state: `done`, `to resume`, `to do`, or how its run ended.
        epochs: that it would train.
        samples: that it would train on, each as often as there are epochs; None where only the
            data say.
        seconds: that it would take; None without an earlier run to judge by.
    """

    job: Job
    state: str
    epochs: int
    samples: int | None
    seconds: float | None
    run: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "job": self.job.number,
            "overrides": list(self.job.varied),
            "seed": self.job.cfg.seed,
            "same_as": self.job.same_as,
            "state": self.state,
            "epochs": self.epochs,
            "samples": self.samples,
            "seconds": self.seconds,
            "run": self.run,
        }


def plan(sweep: Sweep) -> list[Planned]:
    """The jobs of this part, in their order."""
    known = folder.find(sweep.runs_dir, sweep.digest)
    begun = earlier(sweep.own, sweep.runs_dir, folder.stored_results(known))
    past, paces = records(sweep.runs_dir), {}
    planned = []
    for job in sweep.own:
        subject = job.cfg.model.name, job.cfg.data.name
        if subject not in paces:
            paces[subject] = pace_of(past, *subject)
        planned.append(_planned(job, begun.get(job.same_as or job.number), paces[subject], sweep))
    return planned


def _planned(job: Job, before: Earlier | None, pace: Pace | None, sweep: Sweep) -> Planned:
    state = TO_DO if before is None else before.state
    run = None if before is None or before.record is None else before.record.id
    is_final = before is not None and before.is_final(sweep.settings.retry)
    if job.same_as is not None or state == DONE or is_final:
        return Planned(job, state, 0, 0, 0.0, run)
    epochs = max(0, job.cfg.epochs - (0 if before is None else before.epochs))
    samples = _declared_samples(job.cfg.data)
    if samples is None and pace is not None:
        samples = pace.samples
    return Planned(
        job,
        state,
        epochs,
        None if samples is None else samples * epochs,
        None if pace is None else round(pace.outside + pace.epoch * epochs, 1),
        run,
    )


def pace_of(past: Sequence[RunRecord], model: str, data: str) -> Pace | None:
    """The medians of the newest runs that came to their end; None where there are none.

    Args:
        past: runs, the newest first.
    """
    ended = [
        record
        for record in past
        if record.status in ENDED and (record.model, record.data) == (model, data)
    ]
    found = [pace for record in ended[:_MAX_RUNS] if (pace := _pace(record)) is not None]
    if not found:
        return None
    return Pace(
        statistics.median(pace.outside for pace in found),
        statistics.median(pace.epoch for pace in found),
        statistics.median_low(pace.samples for pace in found),
    )


def _pace(record: RunRecord) -> Pace | None:
    result, row = record.result, last_epoch(record.paths.metrics)
    if result is None or row is None or not result.epochs:
        return None
    training, batch_size = float(row["seconds"]), int(record.config["batch_size"])
    return Pace(
        max(0.0, result.seconds - training),
        training / result.epochs,
        result.steps // result.epochs * batch_size,
    )


def _declared_samples(cfg: DataConfig) -> int | None:
    """The samples of an epoch, for sets of a known size; about, where they have own validation."""
    info = options.data(cfg.name).INFO
    if info is None:
        return None
    size = round(info.train_size * cfg.fraction)
    size = size if cfg.limit is None else min(size, cfg.limit)
    return size - round(size * cfg.validation_fraction)


def total_seconds(planned: Sequence[Planned], jobs: int) -> float | None:
    """With `jobs` side by side; None where the time of one is not known."""
    known = [each.seconds for each in planned if each.seconds is not None]
    return round(sum(known) / jobs, 1) if len(known) == len(planned) else None


def total_samples(planned: Sequence[Planned]) -> int | None:
    known = [each.samples for each in planned if each.samples is not None]
    return sum(known) if len(known) == len(planned) else None
