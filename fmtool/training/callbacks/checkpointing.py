"""The callback that commits the state of training, at epochs' ends and within epochs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import keras

from fmtool.compat import private_keras
from fmtool.errors import Diverged
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.schema import CheckpointConfig
from fmtool.training import state
from fmtool.training.callbacks.recorder import Recorder
from fmtool.training.monitor import Monitor


class Stateful(Protocol):
    """A part with counters on the host that a resumed training needs, in JSON types."""

    def state(self) -> dict[str, Any]: ...

    def restore(self, state: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class _Candidate:
    """A state that is worth a checkpoint, in memory."""

    step: int
    snapshot: state.Snapshot
    meta: dict[str, Any]


class Checkpointer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Comes after every callback that changes the state or a counter at the end of an epoch.

    Where epochs are so short that a checkpoint of each would take more than its share of the
    time, some are passed over, and the best waits in memory for the next one. A kill costs
    nothing but that time: what is trained again is the same.

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
        self._best: _Candidate | None = None
        self._committed = 0, 0
        """Step and whole epochs of the newest checkpoint."""
        self._committed_at = time.monotonic()
        self._seconds = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        self._committed = self._recorder.step, self._recorder.epoch
        self._committed_at = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._recorder.is_within_epoch and self._is_due():
            self.commit(epochs_done=self._recorder.epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = self._recorder.last_row
        assert row is not None, "the recorder comes first"
        is_best = self._monitor.take(row)
        if is_best:
            self._best = self._candidate(epoch + 1)
        is_last = self.model.stop_training or epoch + 1 == self._recorder.epochs
        is_wanted = is_best or (epoch + 1) % self._cfg.every_epochs == 0
        if is_last or self._is_due() or (is_wanted and self._is_affordable()):
            self.commit(epochs_done=epoch + 1)

    def commit(self, *, epochs_done: int, metric_values: list[state.Array] | None = None) -> None:
        """Stores the state as it is, and the best that waits; raises WriteFailed, Diverged.

        Args:
            epochs_done: whole epochs, validation included.
            metric_values: the metrics of training, where validation has begun to use them.
        """
        began, best = time.monotonic(), self._best
        if best is not None:
            self._write(best)
            self._store.mark_best(best.step)
            self._best = None
        if (self._recorder.step, epochs_done) != self._committed:
            self._write(self._candidate(epochs_done, metric_values))
        self._committed_at = time.monotonic()
        self._seconds = self._committed_at - began

    def _candidate(
        self, epochs_done: int, metric_values: list[state.Array] | None = None
    ) -> _Candidate:
        if keras.backend.backend() == "jax" and private_keras.has_jax_state(self.model):
            self.model.jax_state_sync()
        try:
            snapshot = state.capture(self.model, metric_values=metric_values)
        except Diverged as error:
            raise self._recorder.divergence(error.message) from error
        step = self._recorder.step
        counters = {name: each.state() for name, each in self._counters.items()}
        meta = {**self._facts, "step": step, "epochs_done": epochs_done, "counters": counters}
        return _Candidate(step, snapshot, meta)

    def _write(self, candidate: _Candidate) -> None:
        arrays = candidate.snapshot.arrays.values()
        self._store.commit(
            candidate.step,
            candidate.snapshot.write,
            meta=candidate.meta,
            needed=sum(array.nbytes for array in arrays),
        )
        self._committed = candidate.step, candidate.meta["epochs_done"]

    def _is_due(self) -> bool:
        every_steps, every_minutes = self._cfg.every_steps, self._cfg.every_minutes
        step = self._recorder.step
        if every_steps and step // every_steps > self._committed[0] // every_steps:
            return True
        return bool(every_minutes and time.monotonic() - self._committed_at >= 60 * every_minutes)

    def _is_affordable(self) -> bool:
        """True where a checkpoint stays within its share if it takes as long as the last one."""
        elapsed = time.monotonic() - self._committed_at
        return self._seconds <= self._cfg.max_share * (elapsed + self._seconds)
