"""Attacked trainings on each backend, shared by all tests of this folder."""

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pytest

# Modules that scripts/torture shares with the tests.
sys.path.insert(0, str(Path(__file__).parent))

from children import Zygote


@pytest.fixture(scope="session")
def zygote_on(fork_servers) -> Callable[[str], Zygote]:
    """The zygote of a backend."""
    return cache(partial(Zygote, fork_servers))


@pytest.fixture(scope="session")
def zygote(zygote_on: Callable[[str], Zygote]) -> Zygote:
    """That of torch, whose trainings start fastest: nothing has to be compiled."""
    return zygote_on("torch")
