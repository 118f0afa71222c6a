"""Runs Keras' `fit` from any step of any epoch to the last one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.training import state
from fmtool.training.averaging import weights_kept
from fmtool.training.callbacks.of_run import Loop
from fmtool.training.session import Session


@dataclass(frozen=True)
class Position:
    """The point that a training has reached.

    Args:
        step: optimizer steps done.
        epochs_done: whole epochs, validation included; the steps beyond belong to the next one.
        counters: what the callbacks counted, by name.
        rollbacks: how often training diverged and was put back before.
    """

    step: int = 0
    epochs_done: int = 0
    counters: Mapping[str, Any] = field(default_factory=dict)
    rollbacks: int = 0
    checkpoint: Path | None = None


def position_of(store: CheckpointStore) -> Position:
    """The position of the newest intact checkpoint; the beginning where there is none.

    Raises DataError if there are checkpoints and none is intact.
    """
    checkpoint = store.latest_valid()
    if checkpoint is None:
        return Position()
    meta = verify(checkpoint)
    return Position(
        step=meta["step"],
        epochs_done=meta["epochs_done"],
        counters=meta["counters"],
        rollbacks=meta["rollbacks"],
        checkpoint=checkpoint,
    )


def require_fit(session: Session, position: Position) -> None:
    """Raises ConfigChanged for the checkpoint of a model with other variables."""
    if position.checkpoint is not None:
        session.model.build_everything()
        state.require_fit(session.model, position.checkpoint)


def restore(session: Session, loop: Loop, position: Position) -> None:
    """Puts the state of the model, and every counter, where the checkpoint left them.

    Raises ConfigChanged for the checkpoint of a model with other variables.
    """
    if position.checkpoint is None:
        return
    session.model.build_everything()
    state.load(session.model, position.checkpoint)
    for name, counter in loop.counters.items():
        if name in position.counters:
            counter.restore(position.counters[name])
    loop.recorder.resume_at(step=position.step, epochs_done=position.epochs_done)


def run(session: Session, loop: Loop, position: Position) -> None:
    """Trains from `position`, whose state the model holds, to the end of the last epoch."""
    model, epoch, epochs = session.model, position.epochs_done, session.cfg.epochs
    start = position.step - epoch * session.plan.steps
    with weights_kept(model.optimizer):
        if start and epoch < epochs:
            _finish_epoch(session, loop.callbacks, epoch, start)
            epoch += 1
            if model.stop_training:
                return
        if epoch < epochs and not loop.has_stopped:
            _fit(session, loop.callbacks, epoch, epochs)


def _fit(
    session: Session, callbacks: Sequence[Any], begin: int, end: int, *, start: int = 0
) -> None:
    model, steps = session.model, session.plan.steps - start
    kind = keras.callbacks.CallbackList if session.own_callbacks else _Callbacks
    called = kind(list(callbacks), add_history=True, model=model, epochs=end, steps=steps)
    with session.train_feed(start=start) as train, session.validation_feed() as validation:
        model.fit(
            train,
            initial_epoch=begin,
            epochs=end,
            validation_data=validation,
            callbacks=called,
            shuffle=False,
            verbose=0,
        )


def _finish_epoch(session: Session, callbacks: Sequence[Any], epoch: int, start: int) -> None:
    """The rest of an epoch: its batches from `start` on, of which none may be left."""
    model = session.model
    if start < session.plan.steps:
        metrics = _RestoreMetrics(state.metrics(model))
        _fit(session, [metrics, *callbacks], epoch, epoch + 1, start=start)
        return
    called = keras.callbacks.CallbackList(list(callbacks), model=model)
    called.on_train_begin()
    called.on_epoch_begin(epoch)
    logs = dict(model.get_metrics_result())
    if session.validation is not None:
        with session.validation_feed() as validation:
            measured = model.evaluate(validation, callbacks=called, return_dict=True, verbose=0)
        logs |= {f"val_{name}": value for name, value in measured.items()}
    called.on_epoch_end(epoch, logs)


class _Callbacks(keras.callbacks.CallbackList):  # type: ignore[misc]  # Keras ships no types
    """Gives the logs of a dispatch as they are: Keras' own waits for the device to read them."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs=logs)


class _RestoreMetrics(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Gives the metrics back what they had seen of an epoch; `fit` begins by resetting them."""

    def __init__(self, values: list[state.Array]) -> None:
        super().__init__()
        self._values = values

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        state.set_metrics(self.model, self._values)
