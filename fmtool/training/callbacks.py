"""The Keras callbacks of a run, in the order that each can rely on those before it."""

from collections.abc import Sequence
from typing import Any

import keras

from fmtool.logging.sink import Sink
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.signals import SignalGuard
from fmtool.training.checkpointing import Checkpointer
from fmtool.training.recorder import Recorder
from fmtool.training.session import Session


class Interruption(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Between two dispatches: if a signal has arrived, commits the state and raises it."""

    def __init__(
        self, signals: SignalGuard, checkpointer: Checkpointer, recorder: Recorder
    ) -> None:
        super().__init__()
        self._signals, self._checkpointer, self._recorder = signals, checkpointer, recorder

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._stop_if_asked()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if not self._signals.has_arrived:
            return
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()
        self._checkpointer.commit(epochs_done=self._recorder.epoch)
        self._signals.check()


def assemble(
    session: Session, sinks: Sequence[Sink], store: CheckpointStore, signals: SignalGuard
) -> tuple[list[Any], Recorder]:
    """The callbacks for `fit`, and the recorder among them."""
    cfg, monitor = session.cfg, session.monitor
    recorder = Recorder(
        session.plan,
        sinks,
        session.optimization,
        every_n_steps=cfg.logging.every_n_steps,
    )
    checkpointer = Checkpointer(store, monitor, recorder)
    watched = monitor.name or "loss"
    callbacks = [
        recorder,
        checkpointer,
        *session.optimization.callbacks(monitor=watched, mode=monitor.mode),
    ]
    stopping = cfg.callbacks.early_stopping
    if stopping.patience is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=watched,
                mode=monitor.mode,
                patience=stopping.patience,
                min_delta=stopping.min_delta,
            )
        )
    return [*callbacks, Interruption(signals, checkpointer, recorder)], recorder
