"""Trains the best points of a study anew, with other seeds: the best of many was also lucky.

The validation score of the winner is the largest of as many draws as there were trials. Trained
again it is an honest one; the test split is looked at once, by the runs of the point that is best
then, and by those of the defaults if they are asked for.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fmtool import errors, options, validate
from fmtool.config.arguments import prepare
from fmtool.errors import ExitCode, FmtoolError
from fmtool.jobs import pool
from fmtool.jobs.process import TrainingCommand, TrainingProcess
from fmtool.metric import headline
from fmtool.runs.layout import STUDY_VARIABLE, RunPaths, StudyPaths
from fmtool.runs.saved_config import read_run_config
from fmtool.signals import SignalGuard
from fmtool.tuning import attempts, budget, summary
from fmtool.tuning.definition import Definition
from fmtool.tuning.epoch_reader import EpochReader
from fmtool.tuning.experiment_file import training_words
from fmtool.tuning.objective import Objective
from fmtool.tuning.store import Store

DEFAULTS = "defaults"


@dataclass(frozen=True)
class ConfirmPlan:
    """The trainings of a confirmation.

    Args:
        top: points, the best of the study.
        seeds: trainings of each, whose seeds the study has not used.
        with_defaults: whether the command without any range is one of the points.
        jobs: trainings at a time.
    """

    top: int
    seeds: int
    with_defaults: bool
    jobs: int


@dataclass
class Point:
    """A point and what its trainings came to."""

    name: str
    words: list[str]
    in_study: float | None
    runs: list[Path] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    test: list[Mapping[str, float]] = field(default_factory=list)
    failed: int = 0

    @property
    def mean(self) -> float:
        return statistics.fmean(self.scores)

    def to_json(self) -> dict[str, Any]:
        names = list(self.test[0]) if self.test else []
        return {
            "point": self.name,
            "overrides": self.words,
            "in_study": self.in_study,
            "validation": spread(self.scores),
            "test": {name: spread([each[name] for each in self.test]) for name in names},
            "runs": [str(run) for run in self.runs],
            "failed": self.failed,
        }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation of a sample, of one or none null."""
    return {
        "mean": statistics.fmean(values) if values else None,
        "sd": statistics.stdev(values) if len(values) > 1 else None,
        "values": list(values),
    }


def confirm(
    store: Store,
    paths: StudyPaths,
    plan: ConfirmPlan,
    command: TrainingCommand,
    *,
    runs_dir: Path,
    signals: SignalGuard,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Trains, chooses, and measures the test split of the choice.

    What was trained for it before is not trained again. Raises Interrupted as `pool.run_all`, and
    FmtoolError where the test split could not be measured.
    """
    definition = store.definition
    objective = next(each for each in definition.objectives if each.is_of_epochs)
    points = _points(store, plan)
    asked = [
        (point, definition.seed + 1 + index) for point in points for index in range(plan.seeds)
    ]

    def start(point: Point, seed: int) -> TrainingProcess:
        own = [f"seed={seed}", "report.test=false", "logging.plots=false", "resume=auto"]
        words = [*point.words, *own, prepare(f"runs_dir={runs_dir}")]
        job = paths.confirmed(f"{point.name}-seed-{seed}")
        environment = {STUDY_VARIABLE: definition.name}
        return TrainingProcess(command.argv(words), job, environment=environment)

    def ended(place: int, outcome: dict[str, Any]) -> None:
        point, seed = asked[place]
        run = runs_dir / str(outcome.get("run"))
        score = _score(objective, run) if outcome["exit_code"] == ExitCode.SUCCESS else None
        if score is None:
            point.failed += 1
        else:
            point.runs.append(run)
            point.scores.append(score)
        shown = "" if score is None else f"  {objective.metric} {score:.4f}"
        tell(f"{point.name}  seed {seed}  {outcome['status']}{shown}")

    starts = [lambda p=point, s=seed: start(p, s) for point, seed in asked]
    pool.run_all(starts, jobs=plan.jobs, signals=signals, ended=ended)
    return _judge(definition, objective, points, command)


def _points(store: Store, plan: ConfirmPlan) -> list[Point]:
    definition = store.definition
    objective = definition.objectives[0]
    found = budget.completed(attempts.by_trial(store.trials()), objective)
    found.sort(key=lambda each: objective.asked.loss_of(each[1]))
    points: list[Point] = []
    for chain, value in found:
        words = training_words(definition, summary.trial_document(definition, chain))
        # Two trials may have drawn the same point.
        if words not in [each.words for each in points]:
            points.append(Point(f"trial-{chain.origin}", words, value))
    points = points[: plan.top]
    if plan.with_defaults:
        points.append(Point(DEFAULTS, training_words(definition, {"overrides": []}), None))
    return points


def _score(objective: Objective, run: Path) -> float | None:
    best = objective.best_row(EpochReader().rows(RunPaths(run).metrics))
    return None if best is None else float(best[objective.metric])


def _judge(
    definition: Definition, objective: Objective, points: Sequence[Point], command: TrainingCommand
) -> dict[str, Any]:
    tried = [point for point in points if point.scores and point.name != DEFAULTS]
    winner = min(tried, key=lambda point: objective.asked.loss_of(point.mean), default=None)
    for point in points:
        if point is winner or (point.name == DEFAULTS and point.runs):
            point.test = [_test(run, command) for run in point.runs]
    failed = sum(point.failed for point in points)
    return {
        "schema_version": summary.SCHEMA_VERSION,
        "study": definition.name,
        "objective": str(objective),
        "exit_code": int(ExitCode.JOBS_FAILED if failed or winner is None else ExitCode.SUCCESS),
        "winner": None if winner is None else winner.name,
        "headline": list(_headline(winner)),
        "points": [point.to_json() for point in points],
    }


def _headline(winner: Point | None) -> tuple[str, ...]:
    """The figures on the test split that there is room for, of the task of the winner's runs."""
    if winner is None or not winner.runs:
        return ()
    paths = RunPaths(winner.runs[0])
    task = validate.saved_run_config(read_run_config(paths.config)).task
    return headline(options.task(task.name).report_metrics(task))


def _test(run: Path, command: TrainingCommand) -> dict[str, float]:
    """The report of `fmtool evaluate` on the test split."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "fmtool.cli", "evaluate", "--json", *command.plugin_flags(),
         prepare(f"run={run.absolute()}")],
        stdout=subprocess.PIPE, check=False, text=True,
    )  # fmt: skip
    report = json.loads(done.stdout or "{}")
    if done.returncode != 0:
        error = errors.from_json(report.get("error") or {}, done.returncode)
        message = f"evaluating {run.name} ended with {done.returncode}: {error.message}"
        raise FmtoolError(message, fix=error.fix)
    metrics = report.get("metrics", report)
    return {name: value for name, value in metrics.items() if isinstance(value, float)}
