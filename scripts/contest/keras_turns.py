"""A Keras callback that makes each epoch of a `fit` a turn, its end included."""

import time
from typing import Any

import keras

from contest.player import Runner


def turns(*, images: int) -> Any:
    """The callback; `images` are seen in each epoch."""
    return _Turns(images)


class _Turns(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Has to be the first of the callbacks, so that the work of the others is in its time.

    An epoch ends when the next one begins, so callbacks that write at its end are in the time too.
    """

    def __init__(self, images: int) -> None:
        super().__init__()
        self._images, self._player = images, Runner()
        self._began: float | None = None
        self._has_started = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._end_turn()
        if not self._has_started:
            self._has_started = True
            policy = keras.config.dtype_policy().name
            self._player.tell(
                backend=keras.backend.backend(),
                precision=policy.removeprefix("mixed_"),
                images=self._images,
            )
        self._player.wait()
        self._began = time.perf_counter()

    def on_train_end(self, logs: Any = None) -> None:
        self._end_turn()

    def _end_turn(self) -> None:
        if self._began is not None:
            self._player.tell(seconds=time.perf_counter() - self._began, images=self._images)
            self._began = None
