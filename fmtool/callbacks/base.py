"""The contract of the file of a Keras callback of a user's own."""

from dataclasses import dataclass
from typing import Any, Protocol

from fmtool.config.base import NamedConfig


class CallbackConfig(NamedConfig):
    """The keys of one entry of `callbacks.own`."""


class Build(Protocol):
    def __call__(self, cfg: Any, /) -> Any:
        """A `keras.callbacks.Callback`.

        One with `state()`, a dictionary of JSON types, and `restore(state)` goes on in a resumed
        run where it was.
        """


@dataclass(frozen=True)
class CallbackOption:
    """The contract of a callback's file: its names, each a field; see examples/own_callback."""

    Config: type[CallbackConfig]
    build: Build
