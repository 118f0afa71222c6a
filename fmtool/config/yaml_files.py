"""The places where Hydra looks for YAML files, and how it reads them.

Of a user's it reads those inside the folders given only, and nothing that would exhaust it. The
files of the package are read by the loader in C, to the same values in a tenth of the time.
"""

import os
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import (
    ImportlibResourcesConfigSource,
)
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader
from yaml import SafeLoader

from fmtool.errors import Refused, UsageError
from fmtool.safety import yaml_text

_HEADER_CHARACTERS = 512
"""The begin of a file, in which Hydra looks for `# @package`."""
_FIX = "correct the YAML there"


class CheckedFiles(FileConfigSource):
    """Hydra's `file://` source, with a check in front of it."""

    def load_config(self, config_path: str) -> ConfigResult:
        """Raises Refused for a path out of the folder, UsageError for a file unfit to be read."""
        path = Path(self.path, self._normalize_file_name(config_path))
        _check_inside(path, Path(self.path))
        return ConfigResult(
            config=load(path),
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header=self._get_header_dict(_read(path)),
        )


class ShippedFiles(ImportlibResourcesConfigSource):
    """Hydra's `pkg://` source, for files that are ours."""

    def _read_config(self, res: Any) -> ConfigResult:
        text = res.read_text(encoding="utf-8")
        values = yaml.load(text, Loader=_shipped_loader())  # noqa: S506 - a safe one
        return ConfigResult(
            config=OmegaConf.create({} if values is None else values),
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header=self._get_header_dict(text[:_HEADER_CHARACTERS]),
        )


@cache
def _shipped_loader() -> Any:
    """The safe loader in C, which takes the same texts for numbers as OmegaConf's does."""

    class Loader(getattr(yaml, "CSafeLoader", SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers = get_yaml_loader().yaml_implicit_resolvers

    return Loader


class UserFolders(SearchPathPlugin):
    """Puts the user's own YAML folders behind fmtool's on Hydra's search path."""

    folders: ClassVar[tuple[Path, ...]] = ()

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in self.folders:
            search_path.append(provider="fmtool", path=f"file://{folder}")


def search(folders: tuple[Path, ...]) -> None:
    """Lets Hydra find what is in `folders` from now on, and read files through the check."""
    Plugins.instance().register(UserFolders)
    # Hydra's own source is registered by then, and keeps others from taking its place.
    SourcesRegistry.instance().types["file"] = CheckedFiles
    SourcesRegistry.instance().types["pkg"] = ShippedFiles
    UserFolders.folders = folders


def check_file(path: Path) -> None:
    """Raises UsageError for a file that is not UTF-8, too large or has a key twice."""
    try:
        yaml_text.check(_read(path), loader=SafeLoader)
    except yaml_text.Unfit as fault:
        raise UsageError(f"{path}: {fault}", fix=_FIX) from fault


def load(path: Path) -> Any:
    """The checked file as OmegaConf reads it, every key as it is spelled there."""
    check_file(path)
    return OmegaConf.load(StringIO(yaml_text.with_keys_as_written(_read(path), loader=SafeLoader)))


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(yaml_text.MAX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}", fix=_FIX) from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", fix="correct the path") from error


def _check_inside(path: Path, folder: Path) -> None:
    """Refuses `../` in a defaults list, and links that lead as far."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Refused(
            f"'{os.path.relpath(path, folder)}' leads out of the config folder {folder}",
            fix="name an option in the folder, or add its own folder with -cd",
        )
