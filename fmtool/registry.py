"""Resolves the name in a config to the module that implements it: a folder is the registry.

`model=cnn` is `fmtool/models/cnn.py`. Other packages join through the entry point group of the
kind (`fmtool.models`, `fmtool.data`, ...), a user's own file through `--plugin`. A YAML file can
only name what one of these three has put there, so it never chooses code to run.
"""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from fmtool import hooks
from fmtool.config.base import NamedConfig
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


@dataclass(frozen=True)
class OptionGroup:
    """A config group whose options are modules with a `Config` of the base class named here."""

    group: str
    package: str
    base: str

    @property
    def key(self) -> str:
        """The key by which the config names a module of this kind."""
        return "callbacks.own" if self is CALLBACK else f"{self.group}.name"


KINDS: Mapping[str, OptionGroup] = {
    kind.group: kind
    for kind in (
        OptionGroup("task", "fmtool.tasks", "TaskConfig"),
        OptionGroup("model", "fmtool.models", "ModelConfig"),
        OptionGroup("data", "fmtool.data", "DataConfig"),
        OptionGroup("optimizer", "fmtool.optimizers", "OptimizerConfig"),
        OptionGroup("schedule", "fmtool.schedules", "ScheduleConfig"),
        OptionGroup("regularizer", "fmtool.regularizers", "RegularizerConfig"),
        OptionGroup("augment", "fmtool.augment", "AugmentConfig"),
    )
}

CALLBACK = OptionGroup("callback", "fmtool.callbacks", "CallbackConfig")
"""No group: the modules behind the entries of `callbacks.own`, of which there may be several."""

TUNER = OptionGroup("tuner", "fmtool.tuners", "TunerConfig")
PRUNER = OptionGroup("pruner", "fmtool.pruners", "PrunerConfig")

_ALL_KINDS = {**KINDS, **{kind.group: kind for kind in (CALLBACK, TUNER, PRUNER)}}

_plugins: dict[tuple[str, str], ModuleType] = {}


def entry_points(*, group: str, name: str | None = None) -> "EntryPoints":
    """Those of installed packages; to name options of ours alone, none are looked for."""
    from importlib import metadata

    found = metadata.entry_points(group=group)
    return found if name is None else found.select(name=name)


def base_class(group: str) -> type[NamedConfig]:
    kind = _ALL_KINDS[group]
    base: type[NamedConfig] = getattr(importlib.import_module(f"{kind.package}.base"), kind.base)
    return base


def module(group: str, name: str) -> ModuleType:
    """The module behind `group=name`; UsageError with the closest names when there is none."""
    if (group, name) in _plugins:
        return _plugins[group, name]
    if name in _built_in(group):
        return importlib.import_module(f"{_ALL_KINDS[group].package}.{name}")
    for entry_point in entry_points(group=_ALL_KINDS[group].package, name=name):
        return _checked(entry_point.load(), group, f"entry point {name}")
    raise UsageError(
        f"{_ALL_KINDS[group].key}: no {group} is called '{name}'",
        fix=did_you_mean(name, names(group), otherwise="pass --plugin FILE.py for one of your own"),
    )


def option(group: str, name: str, contract: type[hooks.ContractT]) -> hooks.ContractT:
    """The contents of the module behind `group=name`, by its kind's contract.

    Raises UsageError as `module`, and for a file of somebody's own that breaks the contract.
    """
    found = module(group, name)
    return hooks.read(found, contract, origin=found.__file__ or found.__name__)


def is_built_in(group: str, name: str) -> bool:
    """True where the module behind `group=name` is one of ours."""
    return (group, name) not in _plugins and name in _built_in(group)


def names(group: str) -> list[str]:
    """Every name that `module` resolves."""
    plugins = [name for kind, name in _plugins if kind == group]
    package = _ALL_KINDS[group].package
    third_party = [entry_point.name for entry_point in entry_points(group=package)]
    return sorted({*_built_in(group), *plugins, *third_party})


def load_plugins(references: list[str]) -> None:
    for reference in references:
        load_plugin(reference)


def load_plugin(reference: str) -> str:
    """Imports a user's module, given as an importable name or a .py file, and registers it.

    Its name in the config is the module's last name. Returns that name.
    """
    plugin = _import_plugin(reference)
    name = plugin.__name__.rpartition(".")[2]
    for group in _ALL_KINDS:
        if _is_option(plugin, group):
            _plugins[group, name] = plugin
            return name
    raise UsageError(
        f"--plugin {reference}: no class Config derived from ModelConfig, DataConfig, ... in it",
        fix="give it the contract of a built-in file, for example fmtool/models/mlp.py",
    )


def _built_in(group: str) -> list[str]:
    package = importlib.import_module(_ALL_KINDS[group].package)
    files = {path.stem for folder in package.__path__ for path in Path(folder).glob("*.py")}
    # By the names of files, because to import all would take as long as to train a small model.
    return sorted(files - {"__init__", "base"})


def _checked(candidate: ModuleType, group: str, origin: str) -> ModuleType:
    if not _is_option(candidate, group):
        raise UsageError(
            f"{origin}: {candidate!r} holds no class Config derived from {_ALL_KINDS[group].base}",
            fix="correct or uninstall the package that declares it",
        )
    return candidate


def _is_option(candidate: ModuleType, group: str) -> bool:
    config = getattr(candidate, "Config", None)
    return isinstance(config, type) and issubclass(config, base_class(group))


def _import_plugin(reference: str) -> ModuleType:
    path = Path(reference)
    try:
        if path.suffix == ".py":
            return _import_file(path.resolve())
        sys.path.insert(0, str(Path.cwd()))
        try:
            return importlib.import_module(reference)
        finally:
            sys.path.pop(0)
    except (ImportError, FileNotFoundError) as error:
        raise UsageError(
            f"--plugin {reference}: {error}", fix="give an importable module or a .py file"
        ) from error
    except Exception as error:  # whatever a user's own code raises while it is imported
        raise UsageError(
            f"--plugin {reference}: {type(error).__name__}: {error}", fix="correct the file"
        ) from error


def _import_file(path: Path) -> ModuleType:
    if path.stem in sys.modules:
        return sys.modules[path.stem]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    plugin = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = plugin
    spec.loader.exec_module(plugin)
    return plugin
