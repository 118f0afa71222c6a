"""`fmtool tune`: a definition in, a study in its storage and in its folder out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fmtool.config.compose import dump
from fmtool.errors import UsageError
from fmtool.jobs.process import TrainingCommand
from fmtool.privacy import UNSHOWN, without_password
from fmtool.runs.atomic import reporting, write_json, write_text
from fmtool.runs.containment import require_contained
from fmtool.runs.layout import StudyPaths, studies_directory
from fmtool.runs.saved_config import read_config
from fmtool.signals import SignalGuard
from fmtool.tuning import damage, sampling, storage, summary, trial_table
from fmtool.tuning.config import TuneConfig
from fmtool.tuning.definition import Definition, settings_of
from fmtool.tuning.retry_policy import RetryPolicy
from fmtool.tuning.store import Store
from fmtool.tuning.trial_run import TrialContext
from fmtool.tuning.worker import Event, Worker


@dataclass(frozen=True)
class Place:
    """The place of a study: its folder, and the address of its storage."""

    paths: StudyPaths
    url: str

    @classmethod
    def of(cls, name: str, runs_dir: Path, url: str | None) -> "Place":
        """Refused where the folder leads out of itself, by other links than a study makes."""
        paths = StudyPaths(studies_directory(runs_dir) / name)
        require_contained(paths.root, within=runs_dir, may_be=partial(_is_own_link, paths))
        return cls(paths, url or storage.default_url(paths.root))


def _is_own_link(paths: StudyPaths, link: Path) -> bool:
    """True for a link of the study, its journal or SLURM, which is never written through."""
    if link.parent == paths.tensorboard:
        return True
    if link.parent == paths.cluster:
        return link.resolve().parent == paths.cluster.resolve()
    return link.suffix == ".lock" and str(link.readlink()).startswith("{")


def stored_url(name: str, runs_dir: Path) -> str | None:
    """The address in a study's folder, without its password; None where there is no such folder."""
    path = StudyPaths(studies_directory(runs_dir) / name).definition
    url = str(read_config(path)["storage"]) if path.is_file() else None
    if url is not None and url.endswith(UNSHOWN):
        raise UsageError(
            f"study {name}: its folder does not keep the address {url}, for the password in it",
            fix="name storage= as in the command that began the study",
        )
    # The file of the study is beside it, wherever the folder was moved.
    return None if url is None or url.startswith("sqlite") else url


def open_study(place: Place, name: str, patience: RetryPolicy) -> Store:
    """The study as workers see it: with its sampler, its pruner and its list of points."""
    store = Store.load(place.url, name, patience=patience)
    store.study.sampler = sampling.sampler_of(store.definition)
    store.study.pruner = sampling.pruner_for(store.definition)
    store.points = sampling.listed(store.definition)
    return store


def create(cfg: TuneConfig, definition: Definition, place: Place, patience: RetryPolicy) -> Store:
    """The study of a definition, new or as it was left."""
    sampling.sampler_of(definition)
    points = sampling.listed(definition)
    settings = settings_of(cfg)
    if points is not None:
        trials = min(settings.budget.trials, len(points))
        limits = settings.budget.model_copy(update={"trials": trials})
        settings = settings.model_copy(update={"budget": limits})
    with reporting(place.paths.root):
        place.paths.root.mkdir(parents=True, exist_ok=True)
    if place.paths.definition.is_file():
        damage.require_whole(place.url)
    store = Store.create(place.url, definition, settings, patience=patience)
    shown = {"storage": without_password(place.url), **definition.model_dump(mode="json")}
    write_text(place.paths.definition, dump(shown))
    return store


def work(
    cfg: TuneConfig,
    store: Store,
    place: Place,
    command: TrainingCommand,
    *,
    signals: SignalGuard,
    tell: Callable[[Event], None],
) -> None:
    """As one worker, until nothing is left; raises what `Worker.work` raises."""
    definition, settings = store.definition, store.settings
    setting = TrialContext(
        store=store,
        definition=definition,
        command=TrainingCommand(definition.config_name, command.folders, command.plugins),
        runs_dir=Path(cfg.runs_dir),
        seconds=None if settings.trial_minutes is None else 60 * settings.trial_minutes,
        retries=settings.retries,
    )

    Worker(store, setting, place.paths, jobs=cfg.tune.jobs, tell=tell).work(signals)


def conclude(store: Store, place: Place, cfg: TuneConfig) -> dict[str, Any]:
    """Writes what the study came to into its folder, and gives it."""
    document = summary.document(store, cfg.gate)
    document["directory"] = str(place.paths.root)
    write_json(place.paths.result, document)
    write_text(place.paths.trials_table, trial_table.as_csv(store))
    return document
