"""Workers on a cluster: what is the same whoever starts them there."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from fmtool import extras
from fmtool.errors import ExitCode, UsageError
from fmtool.jobs.process import TrainingCommand
from fmtool.tuning import storage
from fmtool.tuning.config import TuneConfig

_PACKAGES = {"slurm": "submitit", "ray": "ray"}

ENDED_WELL = (ExitCode.SUCCESS, ExitCode.JOBS_FAILED, ExitCode.GATE_NOT_MET)
"""Exit codes of a worker that saw the study's end, whatever came of it."""


def check(cfg: TuneConfig) -> None:
    """UsageError for a package that is missing, or a storage that other machines cannot reach."""
    name = cfg.tune.cluster.name
    if name == "none":
        return
    package = _PACKAGES[name]
    if find_spec(package) is None:
        raise UsageError(f"{package} is not installed", fix=extras.install(package))
    if storage.is_of_this_machine(cfg.storage):
        raise UsageError(
            f"tune/cluster={name}: workers on several machines cannot meet in a SQLite file",
            fix="write storage=journal:///SHARED/FOLDER/FILE or storage=postgresql://HOST/DATABASE",
        )


def worker_command(cfg: TuneConfig, study: str, command: TrainingCommand) -> list[str]:
    """The command of one worker, as it could be typed on any of the machines."""
    folders = [word for folder in command.folders for word in ("-cd", str(folder.absolute()))]
    return [
        # -P: a file in the working directory must not stand in for a module of ours.
        *(sys.executable, "-P", "-m", "fmtool.cli", "tune", "worker"),
        *folders,
        *command.plugin_flags(),
        f"study={study}",
        f"storage={cfg.storage}",
        f"runs_dir={Path(cfg.runs_dir).absolute()}",
        "tune.jobs=1",
        "tune.plots=false",
        f"tune.patience_seconds={cfg.tune.patience_seconds}",
    ]


def last_line(text: str) -> str:
    lines: Sequence[str] = text.strip().splitlines()
    return lines[-1] if lines else ""
