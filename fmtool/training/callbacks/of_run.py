"""The Keras callbacks of a run, in the order that each can rely on those before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from fmtool.logging.sink import Sink
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.signals import SignalGuard
from fmtool.training import state
from fmtool.training.averaging import FinalWeightsInValidation
from fmtool.training.callbacks.checkpointing import Checkpointer, Stateful
from fmtool.training.callbacks.early_stopping import EarlyStopping
from fmtool.training.callbacks.recorder import Recorder
from fmtool.training.session import Session


class Interruption(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Between two dispatches: if a signal has arrived, commits the state and raises it.

    Comes last, so that at the end of a validation everything is back as training left it.
    """

    def __init__(
        self, signals: SignalGuard, checkpointer: Checkpointer, recorder: Recorder
    ) -> None:
        super().__init__()
        self._signals, self._checkpointer, self._recorder = signals, checkpointer, recorder
        self._training_metrics: list[state.Array] | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._stop_if_asked()

    def on_test_begin(self, logs: Any = None) -> None:
        self._training_metrics = state.metrics(self.model)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._signals.has_arrived:
            self.model.stop_evaluating = True

    def on_test_end(self, logs: Any = None) -> None:
        # The validation is given up and done again when training goes on.
        self._stop_if_asked()
        self._training_metrics = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        # The checkpointer has just been; where it had nothing to do, this is the next chance.
        if self._signals.has_arrived:
            self._signals.acknowledge()
            self._checkpointer.commit(epochs_done=epoch + 1)
            self._signals.check()

    def _stop_if_asked(self) -> None:
        if not self._signals.has_arrived:
            return
        self._signals.acknowledge()
        self._checkpointer.commit(
            epochs_done=self._recorder.epoch, metric_values=self._training_metrics
        )
        self._signals.check()


@dataclass(frozen=True)
class Loop:
    """The callbacks that `fit` is given, and what is asked about its course afterwards.

    Args:
        counters: everything whose state is in each checkpoint, by its name there.
    """

    callbacks: Sequence[Any]
    recorder: Recorder
    counters: Mapping[str, Stateful]
    early_stopping: EarlyStopping | None

    @property
    def has_stopped(self) -> bool:
        """True where training has ended before its last epoch."""
        return self.early_stopping is not None and self.early_stopping.has_stopped


def assemble(
    session: Session,
    sinks: Sequence[Sink],
    store: CheckpointStore,
    signals: SignalGuard,
    *,
    facts: Mapping[str, Any],
) -> Loop:
    """The callbacks of a training; `facts` go into every checkpoint."""
    cfg, monitor = session.cfg, session.monitor
    recorder = Recorder(
        session.plan,
        sinks,
        session.optimization,
        epochs=cfg.epochs,
        every_n_steps=cfg.logging.every_n_steps,
    )
    counters: dict[str, Stateful] = {"recorder": recorder, "monitor": monitor}
    callbacks: list[Any] = [recorder]
    if session.final.is_other:
        callbacks.append(FinalWeightsInValidation(session.final, recorder))
    plateau = session.optimization.callback(session.watched)
    if plateau is not None:
        counters["schedule"] = plateau
        callbacks.append(plateau)
    rule, early_stopping = cfg.callbacks.early_stopping, None
    if rule.patience is not None:
        early_stopping = EarlyStopping(
            metric=session.watched, patience=rule.patience, min_delta=rule.min_delta
        )
        counters["early_stopping"] = early_stopping
        callbacks.append(early_stopping)
    for name, callback in session.own_callbacks.items():
        callbacks.append(callback)
        if hasattr(callback, "state") and hasattr(callback, "restore"):
            counters[f"own.{name}"] = callback
    checkpointer = Checkpointer(
        store, cfg.callbacks.checkpoint, monitor, recorder, counters=counters, facts=facts
    )
    interruption = Interruption(signals, checkpointer, recorder)
    return Loop([*callbacks, checkpointer, interruption], recorder, counters, early_stopping)
