"""`fmtool train -m`: validates every job of a sweep, then runs them one after another."""

import json
import os
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool import registry, validate
from fmtool.config import compose
from fmtool.config.arguments import Arguments
from fmtool.config.sweep import expand
from fmtool.errors import ExitCode, Interrupted, TimeLimit, UsageError
from fmtool.notices import note
from fmtool.runs.atomic import write_json
from fmtool.runs.layout import AUTO, SWEEP_VARIABLE, sweeps_directory
from fmtool.signals import SignalGuard

from . import output
from .flags import Flags

if TYPE_CHECKING:
    from rich.table import Table

_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """One point of the sweep: what varies, and the words its process is given."""

    varied: tuple[str, ...]
    overrides: tuple[str, ...]


def run(config_name: str, arguments: Arguments, folders: tuple[Path, ...], flags: Flags) -> int:
    """Exit code 3 if any job failed, else 4 if any missed a gate.

    Interrupted, it waits for the job at hand to end in order, and tells how far it came.
    """
    registry.load_plugins(flags.plugins)
    jobs = [Job(varied, overrides) for varied, overrides in expand(arguments.overrides, folders)]
    cfg = None
    for job in jobs:
        cfg = validate.train_config(
            compose.compose(config_name, list(job.overrides), folders=folders)
        )
        if cfg.dry_run:
            raise UsageError("dry_run=true cannot be swept", fix="leave out -m or dry_run")
        if cfg.resume not in (None, AUTO):
            raise UsageError(
                "a sweep cannot go on with one run", fix=f"write resume={AUTO}, or leave out -m"
            )
    assert cfg is not None, "an expansion has at least one job"
    sweep = f"{datetime.now(UTC):%Y-%m-%d_%H%M%S}_{secrets.token_hex(3)}"
    command = _command(config_name, arguments, flags)
    results: list[dict[str, Any]] = []
    with SignalGuard() as signals:
        try:
            for number, job in enumerate(jobs, start=1):
                note(f"job {number}/{len(jobs)}  {' '.join(job.varied) or '(no variation)'}")
                # The result of a job that is interrupted counts too.
                with signals.deferring():
                    results.append(_run_job(job, sweep, command, signals))
        except Interrupted as interruption:
            interruption.result = _document(sweep, jobs, results, interruption.exit_code)
            _store(interruption.result, Path(cfg.runs_dir))
            raise
    document = _document(sweep, jobs, results)
    _store(document, Path(cfg.runs_dir))
    if flags.as_json:
        output.print_json(document)
    else:
        output.print_tables(_table(jobs, results))
    return int(document["exit_code"])


def _command(config_name: str, arguments: Arguments, flags: Flags) -> list[str]:
    """The words that start a job, but for its overrides."""
    folders = [word for folder in arguments.config_dirs for word in ("-cd", str(folder))]
    plugins = Flags(as_json=True, plugins=flags.plugins).argv
    # -P: a file in the working directory must not stand in for a module of ours.
    python = [sys.executable, "-P", "-m", "fmtool.cli"]
    return [*python, "train", "-cn", config_name, *folders, *plugins]


def _run_job(job: Job, sweep: str, command: list[str], signals: SignalGuard) -> dict[str, Any]:
    """The result of the child as JSON; one that stands in if it left none."""
    child = subprocess.Popen(  # the child draws its progress on the same stderr
        [*command, *job.overrides],
        stdout=subprocess.PIPE,
        env=os.environ | {SWEEP_VARIABLE: sweep},
        text=True,
        process_group=0,  # a terminal's Ctrl-C reaches the sweep alone, which passes it on once
    )
    printed = _await(child, signals)
    try:
        result: dict[str, Any] = json.loads(printed)
    except json.JSONDecodeError:
        result = {"status": "failed", "error": {"message": "it left no result"}}
    exit_code = child.returncode if child.returncode >= 0 else 128 - child.returncode
    return result | {"exit_code": exit_code}


def _await(child: "subprocess.Popen[str]", signals: SignalGuard) -> str:
    """What `child` prints; a signal is passed on, and the child has its time to end in order."""
    while signals.interruption is None:
        try:
            return child.communicate(timeout=_LOOK_SECONDS)[0]
        except subprocess.TimeoutExpired:
            continue
    signals.acknowledge()
    is_limit = isinstance(signals.interruption, TimeLimit)
    child.send_signal(signal.SIGTERM if is_limit else signals.interruption.signal_number)
    return child.communicate()[0]


def _document(
    sweep: str, jobs: list[Job], results: list[dict[str, Any]], exit_code: int | None = None
) -> dict[str, Any]:
    """`exit_code` is that of a sweep which was interrupted; jobs without a result did not start."""
    if exit_code is None:
        codes = {result["exit_code"] for result in results}
        is_failed = codes - {ExitCode.SUCCESS, ExitCode.GATE_NOT_MET}
        exit_code = ExitCode.JOBS_FAILED if is_failed else max(codes)
    not_started: dict[str, Any] = {"status": "not_started", "exit_code": None}
    outcomes = [*results, *[not_started] * (len(jobs) - len(results))]
    return {
        "schema_version": 1,
        "sweep": sweep,
        "exit_code": int(exit_code),
        "runs": [
            {"overrides": list(job.varied), **result}
            for job, result in zip(jobs, outcomes, strict=True)
        ],
    }


def _store(document: dict[str, Any], runs_dir: Path) -> None:
    """Writes sweep.json if any job made a run."""
    if any("run" in result for result in document["runs"]):
        directory = sweeps_directory(runs_dir) / document["sweep"]
        directory.mkdir(parents=True)
        write_json(directory / "sweep.json", document)


def _table(jobs: list[Job], results: list[dict[str, Any]]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from fmtool.logging.rows import show

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("job", "overrides", "status", "test accuracy", "test loss", "seconds", "run"):
        table.add_column(heading, no_wrap=heading == "overrides")
    for number, (job, result) in enumerate(zip(jobs, results, strict=True), start=1):
        metrics = result.get("metrics", {})
        scores = [show(metrics[m]) if m in metrics else "" for m in ("accuracy", "loss")]
        outcome = str(result.get("run") or (result.get("error") or {}).get("message", ""))
        seconds = f"{result['seconds']:.1f}" if "seconds" in result else ""
        cells = ("\n".join(job.varied), result["status"], *scores, seconds, outcome)
        table.add_row(str(number), *(Text(cell) for cell in cells))
    return table
