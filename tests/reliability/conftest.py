"""A zygote for each backend, shared by all tests of this folder."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

# Modules that scripts/torture shares with the tests.
sys.path.insert(0, str(Path(__file__).parent))

from children import Zygote


@pytest.fixture(scope="session")
def zygote_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Zygote]]:
    """The zygote of a backend, started when it is first asked for."""
    zygotes: dict[str, Zygote] = {}
    cache = tmp_path_factory.mktemp("compiled")
    with ExitStack() as running:

        def zygote(backend: str) -> Zygote:
            if backend not in zygotes:
                zygotes[backend] = running.enter_context(Zygote(backend, compiled=cache))
            return zygotes[backend]

        yield zygote


@pytest.fixture(scope="session")
def zygote(zygote_on: Callable[[str], Zygote]) -> Zygote:
    """That of torch, whose trainings start fastest: nothing has to be compiled."""
    return zygote_on("torch")
