"""Finds the very step at which a training diverged, by repeating the steps that it can be."""

from fmtool.errors import Diverged
from fmtool.training.callbacks.of_run import Loop
from fmtool.training.callbacks.recorder import Recorder
from fmtool.training.loop import Position, restore, run
from fmtool.training.session import Session, TaskData, prepare

_MAX_SECONDS = 60.0


def pin_down(
    error: Diverged, session: Session, data: TaskData, position: Position, seconds_per_step: float
) -> Diverged:
    """The divergence with its step, where `error` knows only a range of steps.

    The order of samples, augmentation and dropout are functions of seed and step, so the same
    happens again. `error` itself is returned where that would take more than a minute.

    Args:
        position: a checkpoint of the same epoch, or its begin.
    """
    if error.details is None:
        return error
    first, last = error.details["steps"]
    is_same_epoch = position.epochs_done + 1 == error.details["epoch"]
    is_quick = (last - position.step) * seconds_per_step <= _MAX_SECONDS
    if first == last or not is_same_epoch or not is_quick:
        return error
    runtime = session.cfg.runtime.model_copy(update={"steps_per_dispatch": 1})
    again = prepare(session.cfg.model_copy(update={"runtime": runtime}), data)
    recorder = Recorder(
        again.plan,
        (),
        again.optimization,
        epochs=again.cfg.epochs,
        every_n_steps=0,
        look_seconds=0.0,
    )
    loop = Loop([recorder], recorder, {}, None)
    restore(again, loop, position)
    try:
        run(again, loop, position)
    except Diverged as exact:
        return exact
    return error
