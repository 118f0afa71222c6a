"""sweep.json: every job of a sweep, how it ended, and what they say together."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from fmtool.errors import ExitCode
from fmtool.runs.bests import Measure, measure_of
from fmtool.runs.layout import SweepPaths
from fmtool.sweeping.config import Shard
from fmtool.sweeping.earlier import ENDED
from fmtool.sweeping.jobs import Job
from fmtool.sweeping.queue import GOOD

SCHEMA_VERSION = 1
NOT_STARTED = "not_started"

Row = Mapping[str, Any]
"""One job in the document: its place in the sweep, and its result."""


def rows_of(
    jobs: Sequence[Job], results: Mapping[int, Mapping[str, Any]], paths: SweepPaths
) -> list[dict[str, Any]]:
    """A row for each job; those that are the same training have its result."""
    return [_row(job, results.get(job.same_as or job.number), paths) for job in jobs]


def _row(job: Job, result: Mapping[str, Any] | None, paths: SweepPaths) -> dict[str, Any]:
    log = paths.job(job.same_as or job.number).log
    place = {
        "job": job.number,
        "point": job.point,
        "overrides": list(job.varied),
        "seed": job.cfg.seed,
        "same_as": job.same_as,
        "log": str(log) if log.exists() else None,
    }
    ended: Row = {"status": NOT_STARTED, "exit_code": None} if result is None else result
    # A result that was stored has a place of its own.
    row = {**place, **{key: value for key, value in ended.items() if key not in place}}
    best: Row | None = row.get("best")
    if best is not None and best.get("loss") is None:
        row["best"] = {**best, "loss": _loss_of(job)}
    return row


def _loss_of(job: Job) -> str:
    """The loss of a run whose release did not keep its name: with the penalties, then."""
    name, regularizer = job.cfg.task.loss_name(), job.cfg.regularizer.name
    return name if regularizer == "none" else f"{name} with {regularizer}"


def exit_code_of(rows: Sequence[Row]) -> int:
    """3 if any job failed, else 4 if any missed its gate."""
    codes = {row["exit_code"] for row in rows} - {None}
    return int(ExitCode.JOBS_FAILED if codes - set(GOOD) else max(codes, default=0))


def failures(rows: Sequence[Row]) -> list[Row]:
    """Each training that failed, once."""
    trained = [row for row in rows if row["same_as"] is None]
    return [row for row in trained if row["exit_code"] not in (None, *GOOD)]


def document(
    paths: SweepPaths,
    rows: Sequence[Row],
    *,
    digest: str,
    shard: Shard | None,
    exit_code: int | None,
) -> dict[str, Any]:
    """As it is written and printed.

    Args:
        exit_code: None while the sweep goes on.
    """
    points = points_of(rows)
    measure = measure_of_rows(rows)
    is_repeated = len(points) < len(rows)
    return {
        "schema_version": SCHEMA_VERSION,
        "sweep": paths.root.name,
        "directory": str(paths.root),
        "digest": digest,
        "shard": None if shard is None else str(shard),
        "exit_code": exit_code,
        "best": best_of(points) if is_repeated else best_of([[row] for row in rows]),
        "points": [point_document(each, measure) for each in points] if is_repeated else None,
        "runs": list(rows),
    }


def points_of(rows: Sequence[Row]) -> list[list[Row]]:
    """The repetitions of each point."""
    points: dict[int, list[Row]] = {}
    for row in rows:
        points.setdefault(row["point"], []).append(row)
    return list(points.values())


def measure_of_rows(rows: Sequence[Row]) -> Measure | None:
    """The figure by which the jobs that have ended compare; None where there is none."""
    return measure_of([row["best"] for row in rows if row["status"] in ENDED and row.get("best")])


def point_document(rows: Sequence[Row], measure: Measure | None) -> dict[str, Any]:
    """The mean and the standard deviation over the repetitions that came to their end."""
    ended = [row for row in rows if row["status"] in ENDED]
    names = dict.fromkeys(name for row in ended for name in row.get("metrics", {}))
    metrics = {name: [row.get("metrics", {}).get(name) for row in ended] for name in names}
    return {
        "point": rows[0]["point"],
        "overrides": [word for word in rows[0]["overrides"] if not word.startswith("seed=")],
        "jobs": [row["job"] for row in rows],
        "seeds": [row["seed"] for row in ended],
        "monitor": next((_name(row, measure) for row in ended if row.get("best")), None),
        "best": spread([value_of(row, measure) for row in ended]),
        "metrics": {name: spread(values) for name, values in metrics.items()},
    }


class Spread(TypedDict):
    """Mean and sample standard deviation, which one value has not."""

    mean: float
    sd: float | None


def spread(values: Sequence[float | None]) -> Spread | None:
    """None unless all values are numbers."""
    numbers = [float(value) for value in values if value is not None and math.isfinite(value)]
    if not numbers or len(numbers) < len(values):
        return None
    deviation = statistics.stdev(numbers) if len(numbers) > 1 else None
    return Spread(mean=statistics.fmean(numbers), sd=deviation)


def value_of(row: Row, measure: Measure | None) -> float | None:
    """The figure at the best epoch; without one that compares, what the monitor saw."""
    best = row.get("best")
    if best is None:
        return None
    return best["value"] if measure is None else measure.of(best)


def _name(row: Row, measure: Measure | None) -> str:
    return str(row["best"]["monitor"]) if measure is None else measure.name


def best_of(points: Sequence[Sequence[Row]]) -> dict[str, Any] | None:
    """The point with the best value, by the mean over its repetitions, and of them the best run.

    The value is what the monitor saw, or the task's headline where that was another loss in each.
    None where the jobs have no value, or different monitors, which do not compare. The test split
    has no part in it.
    """
    complete = [each for each in points if all(row["status"] in ENDED for row in each)]
    measure = measure_of_rows([row for each in complete for row in each])
    if measure is None:
        return None
    means = [(mean, each) for each in complete if (mean := _mean(each, measure)) is not None]
    if not means:
        return None
    loss_of = measure.metric.loss_of
    mean, rows = min(means, key=lambda pair: loss_of(pair[0]))
    row = min(rows, key=lambda each: loss_of(value_of(each, measure) or 0.0))
    return {
        "job": row["job"],
        "run": row["run"],
        "overrides": row["overrides"],
        "monitor": measure.name,
        "value": mean,
        "losses": list(measure.losses),
        "seeds": len(rows),
    }


def _mean(rows: Sequence[Row], measure: Measure) -> float | None:
    value = spread([value_of(row, measure) for row in rows])
    return None if value is None else value["mean"]
