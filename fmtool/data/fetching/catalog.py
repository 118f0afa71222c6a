"""The data sets that `data=` accepts, and what is known of each without loading it."""

from types import ModuleType

from fmtool import registry
from fmtool.data.base import SetInfo, Source
from fmtool.data.reading.local import PathConfig
from fmtool.data.splitting.splits import Splits
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean


def names() -> list[str]:
    """The sets that are known beforehand, which have an `INFO`."""
    return [name for name in registry.names("data") if _has_facts(registry.module("data", name))]


def local_names() -> list[str]:
    """The kinds of sets that are the user's own, which `data.path` names."""
    known = set(names())
    return [name for name in registry.names("data") if name not in known]


def is_local(name: str) -> bool:
    """Whether the user has to say where it lies; UsageError if there is no such set."""
    module = _module(name)
    return issubclass(module.Config, PathConfig) or not _has_facts(module)


def info(name: str) -> SetInfo:
    """UsageError for a set of the user's own, or with the closest name if there is no such set."""
    module = _module(name)
    if not _has_facts(module):
        raise UsageError(
            f"{name} is a set of your own, of which nothing is known beforehand",
            fix=f"fmtool data check {name} path=PATH, or train with data={name} data.path=PATH",
        )
    facts: SetInfo = module.INFO
    return facts


def is_cached(name: str) -> bool:
    """Whether the set loads without a download; a damaged cache still counts as one."""
    from fmtool.data.fetching import cache

    if is_local(name):
        return False
    return not info(name).download_bytes or (cache.folder_of(name) / "arrays").is_dir()


def load(name: str, *, source: Source) -> Splits:
    """The whole set: no subset is taken, nothing is held out, no text is tokenized.

    Raises UsageError as `info`, and for a set that the user has to name the place of.
    """
    from fmtool.config.compose import compose

    info(name)
    if is_local(name):
        raise UsageError(
            f"{name} lies where you have put it", fix=f"fmtool data check {name} path=PATH"
        )
    module = _module(name)
    values = compose("train", [f"data={name}"])["data"] | {"source": source}
    splits: Splits = module.load(module.Config.model_validate(values))
    return splits


def _has_facts(module: ModuleType) -> bool:
    return hasattr(module, "INFO")


def _module(name: str) -> ModuleType:
    known = registry.names("data")
    if name not in known:
        raise UsageError(f"no data set is called '{name}'", fix=did_you_mean(name, known))
    return registry.module("data", name)
