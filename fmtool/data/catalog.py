"""The data sets that `data=` accepts, and what is known of each without loading it."""

from types import ModuleType

from fmtool import registry
from fmtool.data.base import SetInfo, Source
from fmtool.data.splits import Splits
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean


def names() -> list[str]:
    return registry.names("data")


def info(name: str) -> SetInfo:
    """UsageError with the closest name if there is no such set."""
    facts: SetInfo = _module(name).INFO
    return facts


def is_cached(name: str) -> bool:
    """Whether the set loads without a download; a damaged cache still counts as one."""
    from fmtool.data import cache

    return not info(name).download_bytes or (cache.folder_of(name) / "arrays").is_dir()


def load(name: str, *, source: Source) -> Splits:
    """The whole set: no subset is taken, nothing is held out."""
    module = _module(name)
    splits: Splits = module.load(
        module.Config(
            name=name,
            source=source,
            validation_fraction=0.0,
            fraction=1.0,
            limit=None,
            normalize="none",
        )
    )
    return splits


def _module(name: str) -> ModuleType:
    known = names()
    if name not in known:
        raise UsageError(f"no data set is called '{name}'", fix=did_you_mean(name, known))
    return registry.module("data", name)
