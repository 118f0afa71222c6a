"""The callback that commits the state of training, at epochs' ends and within epochs."""

import time
from collections.abc import Mapping
from typing import Any, Protocol

import keras

from fmtool.errors import Diverged
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.schema import CheckpointConfig
from fmtool.training import state
from fmtool.training.monitor import Monitor
from fmtool.training.recorder import Recorder


class Stateful(Protocol):
    """What keeps counters on the host that a resumed training needs, in JSON types."""

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


class Checkpointer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Comes after every callback that changes the state or a counter at the end of an epoch.

    Args:
        counters: their states go into each checkpoint under their names.
        facts: further entries of each checkpoint, in JSON types.
    """

    def __init__(
        self,
        store: CheckpointStore,
        cfg: CheckpointConfig,
        monitor: Monitor,
        recorder: Recorder,
        *,
        counters: Mapping[str, Stateful],
        facts: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self._store, self._cfg = store, cfg
        self._monitor, self._recorder = monitor, recorder
        self._counters, self._facts = counters, facts
        self._committed_step = 0
        self._committed_at = time.monotonic()

    def on_train_begin(self, logs: Any = None) -> None:
        self._committed_step = self._recorder.step
        self._committed_at = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._recorder.is_within_epoch and self._is_due():
            self.commit(epochs_done=self._recorder.epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = self._recorder.last_row
        assert row is not None, "the recorder comes first"
        is_best = self._monitor.take(row)
        is_last = self.model.stop_training or epoch + 1 == self._recorder.epochs
        is_due = (epoch + 1) % self._cfg.every_epochs == 0 or self._is_due()
        if is_best or is_last or is_due:
            self.commit(epochs_done=epoch + 1)
        if is_best:
            self._store.mark_best(self._recorder.step)

    def commit(self, *, epochs_done: int, metric_values: list[state.Array] | None = None) -> None:
        """Stores the state as it is; raises WriteFailed and keeps what is there.

        Args:
            epochs_done: whole epochs, validation included.
            metric_values: the metrics of training, where validation has begun to use them.
        """
        if keras.backend.backend() == "jax" and self.model._jax_state is not None:
            self.model.jax_state_sync()
        counters = {name: each.state() for name, each in self._counters.items()}
        step = self._recorder.step
        try:
            self._store.commit(
                step,
                lambda folder: state.save(self.model, folder, metric_values=metric_values),
                meta={
                    **self._facts,
                    "step": step,
                    "epochs_done": epochs_done,
                    "counters": counters,
                },
                needed=sum(map(state.bytes_of, state.variables(self.model).values())),
            )
        except Diverged as error:
            raise self._recorder.divergence(error.message) from error
        self._committed_step = self._recorder.step
        self._committed_at = time.monotonic()

    def _is_due(self) -> bool:
        every_steps, every_minutes = self._cfg.every_steps, self._cfg.every_minutes
        step = self._recorder.step
        if every_steps and step // every_steps > self._committed_step // every_steps:
            return True
        return bool(every_minutes and time.monotonic() - self._committed_at >= 60 * every_minutes)
