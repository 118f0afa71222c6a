"""What Hydra makes of fmtool's own files is kept: tests type the same words again and again.

A composition takes a tenth of a second, half of it reading YAML. Folders of a user's, and Hydra's
own keys, are composed anew each time.
"""

from copy import deepcopy
from typing import Any

from omegaconf import DictConfig

from fmtool.config import compose, yaml_files


def keep() -> None:
    """For the rest of the process."""
    _keep_files()
    _keep_compositions()


def _keep_files() -> None:
    read, kept = yaml_files.ShippedFiles._read_config, {}

    def read_once(source: Any, resource: Any) -> Any:
        if str(resource) not in kept:
            kept[str(resource)] = read(source, resource)
        # Hydra puts what it finds out into the config.
        return deepcopy(kept[str(resource)])

    yaml_files.ShippedFiles._read_config = read_once


def _keep_compositions() -> None:
    anew = compose.hydra_compose
    kept: dict[tuple[Any, ...], DictConfig] = {}

    def composed(name: str, overrides: list[str], **options: Any) -> DictConfig:
        if yaml_files.UserFolders.folders or any("hydra" in each for each in overrides):
            return anew(name, overrides, **options)
        key = (name, *overrides, *options.items())
        if key not in kept:
            kept[key] = anew(name, overrides, **options)
        # Our callers turn it into a container of their own.
        return kept[key]

    compose.hydra_compose = composed
