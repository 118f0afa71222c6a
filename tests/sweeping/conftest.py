"""Jobs of a sweep, what their runs leave, and processes that end as a training may."""

import json
import sys
from functools import cache
from pathlib import Path

import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.jobs.process import TrainingCommand, TrainingProcess
from fmtool.runs.identity import request_digest
from fmtool.runs.layout import SweepPaths
from fmtool.sweeping.config import OwnConfig
from fmtool.sweeping.jobs import jobs_of

DATA = "d" * 64


@cache
def jobs_of_line(*overrides, seeds=None, folders=()):
    return jobs_of(TrainingCommand(folders=folders), overrides, seeds=seeds)


@pytest.fixture
def expanded():
    """The jobs of a line."""
    return jobs_of_line


@pytest.fixture
def settings():
    """The keys of `sweep`, as they are set and as changed."""

    def config(*overrides):
        return validate.keys_of(OwnConfig, compose("sweep", list(overrides)), prefix="").sweep

    return config


@pytest.fixture
def pretended(tmp_path):
    """Starts a process that runs a piece of Python in the place of a training."""
    started = []

    def launch(job, code, environment=None):
        folder = SweepPaths(tmp_path / "sweep").job(job.number)
        command = [sys.executable, "-c", code, str(job.number)]
        started.append(TrainingProcess(command, folder, environment=environment or {}))
        return started[-1]

    yield launch
    for process in started:
        process.kill()


@pytest.fixture
def leave_run(tmp_path):
    """Writes the run directory that a training of `job` would leave."""

    def leave(job, run_id, *, result=None, hour=0, config=None):
        root = tmp_path / "runs" / run_id
        root.mkdir(parents=True)
        digest = request_digest(job.plain, DATA, variant=job.variant)
        started = f"2026-01-01T{hour:02}:00:00.000000+00:00"
        manifest = {"started": started, "request_digest": digest, "data_digest": DATA, "extra": {}}
        # JSON is YAML.
        (root / "config.yaml").write_text(json.dumps({**job.plain, **(config or {})}))
        (root / "manifest.json").write_text(json.dumps(manifest))
        (root / "run.lock").touch()
        if result is not None:
            (root / "result.json").write_text(json.dumps(ended(run_id, **result)))
        return root

    return leave


def ended(run_id, **changes):
    document = {
        "schema_version": 1,
        "status": "completed",
        "run": run_id,
        "exit_code": 0,
        "epochs": 10,
        "steps": 200,
        "seconds": 12.0,
        "metrics": {"loss": 0.5, "accuracy": 0.75},
        "best": {"epoch": 2, "step": 40, "monitor": "val_loss", "value": 0.4},
        "error": None,
        "non_finite": [],
    }
    return document | changes


@pytest.fixture
def result_of():
    return ended


def rows_to(path: Path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def write_rows():
    return rows_to
