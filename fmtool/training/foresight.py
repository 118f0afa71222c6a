"""Lines on what a training will come to, said before its first step."""

from pathlib import Path

from fmtool.notices import counted, note, warn
from fmtool.runs import rules
from fmtool.runs.strict_json import read_object
from fmtool.training.resume import Changes
from fmtool.training.session import Session

_SHARE_AT_START = 0.1
"""The share of the start in moving statistics at the end of a run that has few steps."""
_SHARE_WANTED = 0.01
_VISIBLE = 1e-6
"""A share of the start that may change a figure which is printed."""


def note_what_is_left_out(session: Session) -> None:
    """Notes what the end of the run cuts off, and what it is too short for."""
    cfg, steps = session.cfg, session.plan.steps
    for remark in cfg.optimizer.remarks(steps_per_epoch=steps, epochs=cfg.epochs):
        note(remark)
    for remark in cfg.schedule.remarks(epochs=cfg.epochs):
        warn(remark)


def warn_of_few_steps(session: Session) -> None:
    """Warns where the moving statistics of batch normalization reach back to the first steps."""
    steps = session.plan.steps * session.cfg.epochs
    statistics = session.final.statistics
    if statistics.share_of_start(steps) <= _SHARE_AT_START:
        return
    momentum = round(_SHARE_WANTED ** (1 / steps), 2)
    key = "model.batchnorm_momentum"
    has_key = hasattr(session.cfg.model, "batchnorm_momentum")
    fix = f"{key}={momentum:g} or more epochs" if has_key else "more epochs or a smaller batch_size"
    warn(
        f"the moving statistics of batch normalization (momentum {statistics.momentum:g}) are "
        f"averages over all {counted(steps, 'step')} of this run, the first ones too; fix: {fix}"
    )


def note_freed_statistics(session: Session, manifest: Path, *, step: int) -> None:
    """Notes that a run of an earlier release goes on, whose validation saw them as they were."""
    if not step or session.final.statistics.share_of_start(step) < _VISIBLE:
        return
    if not rules.are_current(read_object(manifest)):
        note(
            "the run began with an earlier release: from here on, validation and model.keras have "
            "the statistics of batch normalization without what is left of their initial values"
        )


def warn_of_another_curve(session: Session, changes: Changes | None, *, step: int) -> None:
    """With more epochs a schedule that spans them all is another one from here on."""
    if not step or changes is None or "epochs" not in changes:
        return
    from fmtool.training.optimization import planned_rate

    then, now = (
        planned_rate(
            session.cfg.schedule,
            session.cfg.optimizer,
            steps_per_epoch=session.plan.steps,
            epochs=epochs,
            step=step,
        )
        for epochs in changes["epochs"]
    )
    if then != now:
        warn(
            f"schedule={session.cfg.schedule.name} spans all epochs: at step {step} its "
            f"learning rate was {then:g} with {counted(changes['epochs'][0], 'epoch')}, is {now:g}"
        )
