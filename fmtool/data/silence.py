"""Keeps what decoding libraries say by themselves off stderr: our error or warning says it."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet(logger: str) -> Iterator[None]:
    """Python's warnings, and what `logger` would print where logging is not set up."""
    handler = logging.NullHandler()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger(logger).addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger(logger).removeHandler(handler)


@contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """For libraries in C, such as libtiff, which write to the file descriptor; not for threads."""
    kept = os.dup(_STDERR)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, _STDERR)
    os.close(nothing)
    try:
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
