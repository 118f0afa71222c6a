"""The actions of `fmtool tune` that look at a study: `status`, `best`, `plot` and their like."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.errors import ExitCode, UsageError
from fmtool.notices import counted

from . import output
from .flags import Flags
from .tune_study import Request, read

if TYPE_CHECKING:
    from fmtool.tuning.store import Store

Answer = tuple[dict[str, Any], list[Any]]
"""For programs, and what people are shown."""


def main(action: str, argv: list[str], flags: Flags) -> int:
    """UsageError for a study that is not there, or has nothing to answer with yet."""
    answer, extra = _ACTIONS[action]
    request = read(argv, flags, keys=("gate",) if action == "status" else (), extra=extra)
    document, shown = answer(request, request.store())
    if flags.as_json:
        output.print_json(document)
    else:
        output.print_tables(*shown)
    return ExitCode.SUCCESS


def _status(request: Request, store: "Store") -> Answer:
    from fmtool.tuning import report, summary, trial_table

    document, rows = summary.document(store, request.cfg.gate), trial_table.documents(store)
    return {**document, "all_trials": rows}, list(report.status(document, rows))


def _best(request: Request, store: "Store") -> Answer:
    from fmtool import terminal
    from fmtool.tuning import experiment_file, report, summary

    document = summary.document(store)
    if not document["best"]:
        raise UsageError(
            f"study {request.name} has no completed trial yet",
            fix=f"see fmtool tune status study={request.name}",
        )
    shown: list[Any] = [report.trials(document["best"], document["objectives"])]
    best = document["best"][0]
    line = ["fmtool", "train", *experiment_file.training_words(store.definition, best)]
    shown.append(terminal.command(" ".join(line)))
    if "output" in request.extra:
        path = experiment_file.write(Path(request.extra["output"]), store.definition, best)
        document["written"] = str(path)
        shown.append(f"written: {path}")
    return {"study": request.name, "best": document["best"], **_written(document)}, shown


def _written(document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("written",) if key in document}


def _importance(request: Request, store: "Store") -> Answer:
    from fmtool.tuning import pictures, report

    found = pictures.importance(store)
    if not found:
        raise UsageError(
            f"study {request.name} has too few completed trials that differ",
            fix=f"see fmtool tune status study={request.name}",
        )
    return {"study": request.name, "importance": found}, [report.importance(found)]


def _plot(request: Request, store: "Store") -> Answer:
    from fmtool.tuning import pictures

    folder = request.extra.get("output")
    written = pictures.draw(store, Path(folder) if folder else request.place.paths.plots)
    paths = [str(path) for path in written]
    return {"study": request.name, "pictures": paths}, paths


def _export(request: Request, store: "Store") -> Answer:
    from fmtool.runs.atomic import write_json, write_text
    from fmtool.tuning import trial_table

    path = Path(request.extra.get("output", str(request.place.paths.trials_table)))
    if path.suffix not in (".csv", ".json"):
        raise UsageError(f"output={path}: which format?", fix="end it with .csv or .json")
    rows = trial_table.documents(store)
    if path.suffix == ".csv":
        write_text(path, trial_table.as_csv(store))
    else:
        write_json(path, {"study": request.name, "trials": rows})
    found = {"study": request.name, "written": str(path), "trials": len(rows)}
    return found, [f"{counted(len(rows), 'trial')}: {path}"]


def _board(request: Request, store: "Store") -> Answer:
    from fmtool import terminal
    from fmtool.tuning import board, trial_table

    folder = Path(request.extra.get("output", f"tensorboard_{request.name}"))
    linked = board.link(trial_table.documents(store), Path(request.cfg.runs_dir), folder)
    if not linked:
        raise UsageError(
            f"no trial of study {request.name} has event files",
            fix="search with the default logging, which writes them",
        )
    command = shlex.join(["tensorboard", "--logdir", str(folder)])
    found = {"study": request.name, "directory": str(folder), "trials": linked}
    return found, [counted(linked, "trial"), terminal.command(command)]


def _retry(request: Request, store: "Store") -> Answer:
    numbers = store.retry_failed()
    shown = ", ".join(map(str, numbers)) or "none failed"
    found = {"study": request.name, "waiting": numbers}
    return found, [f"trials to be tried again by the next line: {shown}"]


_ACTIONS: dict[str, tuple[Callable[[Request, "Store"], Answer], tuple[str, ...]]] = {
    "status": (_status, ()),
    "best": (_best, ("output",)),
    "importance": (_importance, ()),
    "plot": (_plot, ("output",)),
    "export": (_export, ("output",)),
    "board": (_board, ("output",)),
    "retry": (_retry, ()),
}
"""The function that answers, and the keys it has besides, by action."""
