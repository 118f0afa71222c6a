"""`fmtool tune`: searches hyperparameters, joins a search, and says what came of it."""

import gc
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.config import arguments
from fmtool.errors import ExitCode, UsageError

from . import output, tune_cluster, tune_help
from .flags import Flags

if TYPE_CHECKING:
    from fmtool.tuning.config import TuneConfig
    from fmtool.tuning.definition import Definition
    from fmtool.tuning.worker import Event

ACTIONS = {
    "worker": "tune_worker",
    "status": "tune_report",
    "best": "tune_report",
    "importance": "tune_report",
    "plot": "tune_report",
    "board": "tune_report",
    "export": "tune_report",
    "retry": "tune_report",
    "confirm": "tune_confirm",
    "dashboard": "tune_dashboard",
}
"""The modules beside this one that do what the first word behind `tune` says."""

_OWN = frozenset(
    {"study", "storage", "objective", "space", "budget", "constraint", "gate", "tune", "tuner"}
    | {"pruner", "runs_dir", "tune/cluster"}
)


def help_text() -> str:
    return tune_help.text()


def main(argv: list[str], flags: Flags) -> int:
    words = [word for word in argv if not word.startswith("-")]
    if words and words[0] in ACTIONS:
        rest = [word for word in argv if word != words[0]]
        action = import_module(f"fmtool.cli.{ACTIONS[words[0]]}")
        status: int = action.main(words[0], rest, flags)
        return status
    return _search(argv, flags)


def _search(argv: list[str], flags: Flags) -> int:
    parsed = arguments.parse(argv)
    _refuse_sweeps(parsed)

    from fmtool.config import compose
    from fmtool.config.folders import user_folders

    folders = user_folders(parsed.config_dirs)
    if parsed.asks_for_information:
        from . import information

        return information.show("tune", parsed, folders)
    own = [each for each in parsed.overrides if arguments.top_key(each) in _OWN]
    others = [each for each in parsed.overrides if each not in own]
    others += _by_environment(others)
    raw = compose.compose("tune", own, folders=folders)

    from fmtool import registry
    from fmtool.tuning import storage

    storage.require_optuna()
    registry.load_plugins(flags.plugins)
    from fmtool.jobs.process import TrainingCommand
    from fmtool.signals import SignalGuard
    from fmtool.tuning import cluster, config, definition, space, workflow
    from fmtool.tuning.retry_policy import RetryPolicy

    cfg = config.tune_config(raw)
    cluster.check(cfg)
    name = parsed.config_name or "train"
    found = space.read(others, space=cfg.space, config_name=name, folders=folders)
    asked = definition.define(cfg, found, config_name=name, folders=folders)
    if "dry_run=true" in others:
        return _dry_run(asked, flags)
    gc.enable()
    place = workflow.Place.of(asked.name, Path(cfg.runs_dir), cfg.storage)
    command = TrainingCommand(name, folders, tuple(flags.plugins))
    with SignalGuard() as signals:
        patience = RetryPolicy(place.url, cfg.tune.patience_seconds, signals)
        workflow.create(cfg, asked, place, patience)
        return run_study(cfg, place, asked.name, command, flags, signals)


def _by_environment(overrides: list[str]) -> list[str]:
    """The backend that KERAS_BACKEND names, as a key: workers elsewhere have other variables."""
    from fmtool.config import user_defaults
    from fmtool.notices import note

    backend = user_defaults.backend(overrides)
    if backend is None:
        return []
    word = f"{user_defaults.KEY}={backend}"
    note(f"{word} by {user_defaults.VARIABLE}")
    return [word]


def _dry_run(asked: "Definition", flags: Flags) -> int:
    """The search, as it would be; nothing is begun or written."""
    if flags.as_json:
        output.print_json(asked.model_dump(mode="json"))
    else:
        from fmtool.tuning import report

        output.print_tables(*report.definition(asked))
    return ExitCode.SUCCESS


def run_study(
    cfg: "TuneConfig", place: Any, name: str, command: Any, flags: Flags, signals: Any
) -> int:
    """Works at the study, here or on a cluster, and prints what it came to."""
    from fmtool.errors import FmtoolError, Interrupted
    from fmtool.notices import note
    from fmtool.tuning import workflow
    from fmtool.tuning.retry_policy import RetryPolicy

    patience = RetryPolicy(place.url, cfg.tune.patience_seconds, signals)
    store = workflow.open_study(place, name, patience)
    note(f"study {name} in {place.paths.root}")
    if cfg.tune.cluster.name == "slurm":
        return tune_cluster.submit(cfg, store, place, command, flags)
    try:
        if cfg.tune.cluster.name == "ray":
            tune_cluster.work_on_ray(cfg, store, command, signals)
        else:
            workflow.work(cfg, store, place, command, signals=signals, tell=_Teller(store))
    except Interrupted as interruption:
        with suppress(FmtoolError):  # it is away or broken, and the signal is what ends this
            document = workflow.conclude(store, place, cfg)
            interruption.result = {**document, "exit_code": interruption.exit_code}
        note(f"study {name} is left as it is: the same command goes on with it")
        raise
    document = workflow.conclude(store, place, cfg)
    if cfg.tune.plots:
        from fmtool.tuning import pictures

        document["pictures"] = [str(path) for path in pictures.draw(store, place.paths.plots)]
    if flags.as_json:
        output.print_json(document)
    else:
        from fmtool.tuning import report

        output.print_tables(*report.study(document))
    return int(document["exit_code"])


class _Teller:
    """Tells of trials, a line each."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __call__(self, event: "Event") -> None:
        from fmtool.notices import note
        from fmtool.tuning.report import event_line

        note(event_line(event, self._store.definition))


def _refuse_sweeps(parsed: arguments.Arguments) -> None:
    if parsed.multirun:
        raise UsageError(
            "tune takes no -m: a list such as model=cnn,mlp is a dimension of the search",
            fix="leave out -m, or sweep a fixed list with fmtool train -m",
        )
