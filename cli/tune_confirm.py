"""`fmtool tune confirm`: trains the best points anew, and reports the test score of the best."""

import gc
from pathlib import Path
from typing import Any

from fmtool.errors import ExitCode, UsageError
from fmtool.notices import note

from . import output
from .flags import Flags
from .tune_study import count, read

_SWITCH = {"true": True, "false": False}


def main(_: str, argv: list[str], flags: Flags) -> int:
    """Exit code 3 if a training failed, else 4 if the test score misses a gate."""
    request = read(argv, flags, keys=("gate", "tune"), extra=("top", "seeds", "defaults"))
    gc.enable()

    from fmtool.evaluation import gates
    from fmtool.jobs.process import TrainingCommand
    from fmtool.runs.atomic import write_json
    from fmtool.signals import SignalGuard
    from fmtool.tuning import confirm, report

    switch = request.extra.get("defaults", "false").lower()
    if switch not in _SWITCH:
        raise UsageError(f"defaults={switch} is not accepted", fix="give true or false")
    plan = confirm.ConfirmPlan(
        top=count(request, "top", 5),
        seeds=count(request, "seeds", 3),
        with_defaults=_SWITCH[switch],
        jobs=request.cfg.tune.jobs,
    )
    store = request.store()
    command = TrainingCommand(store.definition.config_name, request.folders, tuple(flags.plugins))
    runs_dir = Path(request.cfg.runs_dir)
    with SignalGuard() as signals:
        document = confirm.confirm(
            store, request.place.paths, plan, command, runs_dir=runs_dir, signals=signals, tell=note
        )
    rows = gates.judge(request.cfg.gate, _means(document)) if document["winner"] else ()
    document["gates"] = [row.to_json() for row in rows]
    if document["exit_code"] == ExitCode.SUCCESS and not gates.all_met(rows):
        document["exit_code"] = int(ExitCode.GATE_NOT_MET)
    write_json(request.place.paths.confirmation, document)
    if flags.as_json:
        output.print_json(document)
    else:
        output.print_tables(*report.confirmation(document))
    return int(document["exit_code"])


def _means(document: dict[str, Any]) -> dict[str, float]:
    """The means of the winner on the test split and, as val_..., on the validation split."""
    winner = next(each for each in document["points"] if each["point"] == document["winner"])
    means = {name: each["mean"] for name, each in winner["test"].items()}
    return {**means, document["objective"].split()[1]: winner["validation"]["mean"]}
