"""Keeps what Hydra says on its own account from the user."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_warnings() -> Iterator[None]:
    """Hydra warns about a missing folder, which is an error here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not available", category=UserWarning)
        yield


@contextmanager
def logging_restored() -> Iterator[None]:
    """To answer `--info`, Hydra sends every log line of the process to stdout from then on."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
