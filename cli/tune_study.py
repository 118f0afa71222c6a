"""The study that an action of `fmtool tune` is about: a name, or the one worked at last."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fmtool.config import arguments
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

from .flags import Flags

if TYPE_CHECKING:
    from fmtool.tuning.config import TuneConfig
    from fmtool.tuning.store import Store
    from fmtool.tuning.workflow import Place

LAST = "last"
_ALWAYS = ("study", "storage", "runs_dir")


@dataclass(frozen=True)
class Request:
    """The study, keys and words of an action.

    Args:
        extra: values of the action's own keys, as they were typed.
    """

    cfg: "TuneConfig"
    place: "Place"
    name: str
    folders: tuple[Path, ...]
    extra: dict[str, str]

    def store(self) -> "Store":
        from fmtool.tuning import definition, workflow
        from fmtool.tuning.retry_policy import RetryPolicy

        patience = RetryPolicy(self.place.url, self.cfg.tune.patience_seconds)
        store = workflow.open_study(self.place, self.name, patience)
        if any((self.cfg.gate.min, self.cfg.gate.max)):
            figures = definition.figures_of(store.definition, self.folders)
            definition.require_known(self.cfg, figures)
        return store


def read(
    argv: Sequence[str],
    flags: Flags,
    *,
    keys: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> Request:
    """Raises UsageError for a key that the action has not, and where there is no such study.

    Args:
        keys: of conf/tune.yaml that the action heeds, beside the study's.
        extra: keys of the action itself.
    """
    parsed = arguments.parse(list(argv))
    if parsed.multirun or parsed.asks_for_information or parsed.config_name:
        raise UsageError("this takes no -m, -cn, --cfg or --info", fix="see fmtool tune --help")

    from fmtool import registry
    from fmtool.config import compose
    from fmtool.config.folders import user_folders
    from fmtool.tuning import storage

    storage.require_optuna()

    from fmtool.tuning import config, definition, workflow

    registry.load_plugins(flags.plugins)
    known = (*_ALWAYS, *keys, *extra)
    own, others = [], {}
    for override, typed in zip(parsed.overrides, parsed.typed, strict=True):
        key = arguments.top_key(override)
        if key not in known:
            raise UsageError(f"unknown key '{key}'", fix=did_you_mean(key, known))
        if key in extra:
            others[key] = typed.partition("=")[2]
        else:
            own.append(override)
    folders = user_folders(parsed.config_dirs)
    cfg = config.tune_config(compose.compose("tune", own, folders=folders))
    runs_dir = Path(cfg.runs_dir)
    name = cfg.study if cfg.study not in (None, LAST) else _last(runs_dir)
    definition.check_name(name)
    url = cfg.storage or workflow.stored_url(name, runs_dir)
    return Request(cfg, workflow.Place.of(name, runs_dir, url), name, folders, others)


def count(request: Request, key: str, default: int) -> int:
    """A whole number above 0 among the action's own keys."""
    text = request.extra.get(key, str(default))
    if not text.isdigit() or int(text) == 0:
        raise UsageError(f"{key}={text} is not accepted", fix="give a whole number above 0")
    return int(text)


def _last(runs_dir: Path) -> str:
    """The study whose folder was written to last."""
    from fmtool.runs.layout import StudyPaths, studies_directory

    files = [StudyPaths(each).definition for each in studies_directory(runs_dir).glob("*")]
    there = [path for path in files if path.is_file()]
    if not there:
        raise UsageError(
            f"there is no study in {runs_dir} yet", fix="begin one with fmtool tune, or name study="
        )
    return max(there, key=lambda path: path.stat().st_mtime).parent.name
