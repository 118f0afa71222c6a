"""Keeps what decoding libraries say by themselves off stderr: our error or warning says it."""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

_STDERR = 2
_stderr_lock = threading.Lock()


class Silence:
    """Mutes a package's warnings, and its log where logging is not set up, while any thread is in.

    Warning filters and log handlers are those of the whole process: the first thread that enters
    sets them and the last that leaves puts them back.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._lock = threading.Lock()
        self._inside = 0
        self._undo = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._undo.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=rf"{self._package}(\.|$)")
                logger, handler = logging.getLogger(self._package), logging.NullHandler()
                logger.addHandler(handler)
                self._undo.callback(logger.removeHandler, handler)
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._undo.close()


@contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """For libraries in C, such as libtiff, which write to the file descriptor.

    One thread at a time is in; what others write to stderr meanwhile is lost.
    """
    with _stderr_lock:
        kept = os.dup(_STDERR)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _STDERR)
        os.close(nothing)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
