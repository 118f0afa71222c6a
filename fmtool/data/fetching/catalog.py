"""The data sets that `data=` accepts, and what is known of each without loading it."""

from pathlib import Path

from fmtool import registry
from fmtool.data.base import CacheOrigin, DataOption, SetInfo, option
from fmtool.data.reading.local import PathConfig
from fmtool.data.splitting.splits import Splits
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean


def names() -> list[str]:
    """The sets that are known beforehand, which have an `INFO`."""
    return [name for name in registry.names("data") if option(name).INFO is not None]


def local_names() -> list[str]:
    """The kinds of sets that are the user's own, which `data.path` names."""
    known = set(names())
    return [name for name in registry.names("data") if name not in known]


def is_local(name: str) -> bool:
    """True for a data set that needs `data.path`; UsageError if there is no such data set."""
    own = _known(name)
    return issubclass(own.Config, PathConfig) or own.INFO is None


def info(name: str) -> SetInfo:
    """UsageError for a set of the user's own, or with the closest name if there is no such set."""
    facts = _known(name).INFO
    if facts is None:
        raise UsageError(
            f"{name} is a set of your own, of which nothing is known beforehand",
            fix=f"fmtool data check {name} path=PATH, or train with data={name} data.path=PATH",
        )
    return facts


def is_cached(name: str) -> bool:
    """True where the set loads without a download; a damaged cache still counts as one."""
    from fmtool.data.fetching import cache

    if is_local(name):
        return False
    return not info(name).download_bytes or (cache.folder_of(name) / "arrays").is_dir()


def load(name: str, *, source: CacheOrigin, folders: tuple[Path, ...] = ()) -> Splits:
    """The whole set: no subset is taken, nothing is held out, no text is tokenized.

    Args:
        folders: with YAML files of the user's own.

    Raises UsageError as `info`, and for a set that the user has to name the place of.
    """
    from fmtool.config.compose import compose

    info(name)
    if is_local(name):
        raise UsageError(
            f"{name} lies where you have put it", fix=f"fmtool data check {name} path=PATH"
        )
    own = _known(name)
    values = compose("train", [f"data={name}"], folders=folders)["data"] | {"source": source}
    return own.load(own.Config.model_validate(values))


def _known(name: str) -> DataOption:
    known = registry.names("data")
    if name not in known:
        raise UsageError(f"no data set is called '{name}'", fix=did_you_mean(name, known))
    return option(name)
