"""Keras callbacks of a user's own, beside those of every run."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from fmtool import options
from fmtool.callbacks.base import CallbackConfig
from fmtool.errors import UsageError

_BATCH_HOOKS = tuple(
    f"on_{phase}batch_{end}" for phase in ("", "train_", "test_") for end in ("begin", "end")
)


def build(configs: Sequence[CallbackConfig]) -> dict[str, Any]:
    """The callbacks by name; UsageError for what is none."""
    callbacks = {}
    for cfg in configs:
        callback = options.callback(cfg.name).build(cfg)
        if not isinstance(callback, keras.callbacks.Callback):
            raise UsageError(
                f"callbacks.own: build of {cfg.name} gave {callback!r}",
                fix="return a keras.callbacks.Callback",
            )
        callbacks[cfg.name] = callback
    return callbacks


def wanting_every_batch(callbacks: Mapping[str, Any]) -> list[str]:
    """The names of those that have something to do before or after each batch."""
    return [name for name, callback in callbacks.items() if _has_batch_hook(type(callback))]


def _has_batch_hook(callback: type[Any]) -> bool:
    base = keras.callbacks.Callback
    return any(getattr(callback, hook) is not getattr(base, hook) for hook in _BATCH_HOOKS)
