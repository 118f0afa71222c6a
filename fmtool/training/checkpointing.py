"""The callback that commits the state of training at the end of each epoch."""

from typing import Any

import keras

from fmtool.runs.checkpoints import CheckpointStore
from fmtool.training import state
from fmtool.training.monitor import Monitor
from fmtool.training.recorder import Recorder


class Checkpointer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Comes after the recorder, whose row of the epoch it judges."""

    def __init__(self, store: CheckpointStore, monitor: Monitor, recorder: Recorder) -> None:
        super().__init__()
        self._store, self._monitor, self._recorder = store, monitor, recorder

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = self._recorder.last_row
        assert row is not None, "the recorder comes first"
        self.commit(epochs_done=epoch + 1)
        if self._monitor.take(row):
            self._store.mark_best(self._recorder.step)

    def commit(self, *, epochs_done: int) -> None:
        """Stores the state as it is; raises WriteFailed and keeps what is there."""
        self._store.commit(
            self._recorder.step,
            lambda directory: state.save(self.model, directory),
            meta={"step": self._recorder.step, "epochs_done": epochs_done},
        )
