"""The regularizer options as the shipped YAML files compose them."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf


@cache
def shipped(name: str) -> Any:
    with initialize_config_module("fmtool.conf", version_base=None):
        return OmegaConf.to_container(compose(f"regularizer/{name}")["regularizer"])


@pytest.fixture
def option() -> Callable[..., Any]:
    """A function from an option's name, and keys to change, to its validated config."""

    def config_of(name: str, **changes: Any) -> Any:
        module = import_module(f"fmtool.regularizers.{name}")
        return module.Config.model_validate(shipped(name) | changes)

    return config_of
