"""`fmtool train`: one config in, one run directory and one outcome out."""

from contextlib import ExitStack
from pathlib import Path

from fmtool.evaluation import task_of_run, views
from fmtool.notices import counted, note
from fmtool.runs.identity import VARIANT, find_by_digest, request_digest
from fmtool.runs.layout import AUTO
from fmtool.runs.lock import DigestLock
from fmtool.runs.run import Run
from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.training import resume
from fmtool.training.description import Request
from fmtool.training.execution import Execution, Outcome
from fmtool.training.session import TaskData, load_data

__all__ = ["Outcome", "Request", "train"]


def train(cfg: TrainConfig, request: Request, *, resumes: Path | None = None) -> Outcome:
    """Trains and leaves a run directory behind, unless the config or the data are wrong.

    Args:
        resumes: the run to go on with. Without one, `resume=auto` in `cfg` stands for the newest
            run that the same request began, or for a new one.

    Raises:
        FmtoolError: what ended the run; once there is a directory its result.json says the same.
        Interrupted: a signal or the time limit arrived; the state is in a checkpoint.
    """
    with SignalGuard() as signals, ExitStack() as locks:
        if cfg.budget.minutes is not None:
            signals.limit(60 * cfg.budget.minutes)
        data = load_data(cfg, request.data_option)
        task = task_of_run.before_training(cfg.task, data.splits.target)
        task_of_run.require_gates_possible(cfg.gate, cfg.task, task)
        task_of_run.require_views(cfg.tta, cfg.task, task)
        if cfg.tta != "none":
            views.require_possible(cfg.tta, data.splits.array_element.shape)
        plain = cfg.model_dump(mode="json", serialize_as_any=True)
        variant = request.extra.get(VARIANT)
        digest = request_digest(plain, data.splits.digest, variant=variant)
        if resumes is None and cfg.resume == AUTO:
            lock = DigestLock(Path(cfg.runs_dir), digest)
            locks.callback(lock.release)
            resumes = find_by_digest(Path(cfg.runs_dir), digest)
            if resumes is not None:
                cfg = resume.continued_config(resumes, cfg)
        if resumes is not None:
            return _go_on(cfg, request, data, resumes, signals)
        with Run.create(Path(cfg.runs_dir), model=cfg.model.name, data=data.label) as run:
            return Execution(cfg, request, data, run, signals, request_digest=digest).run()


def _go_on(
    cfg: TrainConfig, request: Request, data: TaskData, directory: Path, signals: SignalGuard
) -> Outcome:
    with Run.open(directory) as run:
        changes = resume.require_same(directory, cfg, data, data.kept)
        result = resume.finished(directory, cfg)
        if result is not None:
            if request.parent is not None:
                request.parent.announce(directory)
            unused = resume.shown_changes(changes)
            note(
                f"run {run.id} is complete, {counted(result.epochs, 'epoch')}: "
                "nothing is left to do"
                + (f"; not used of this command: {unused}" if unused else "")
            )
            kind = data.splits.element.kind
            return Outcome(directory, result, summary=None, kind=kind, data_label=data.label)
        resume.require_checkpoints(directory)
        resume.require_comparable_loss(directory, cfg)
        return Execution(cfg, request, data, run, signals, changes=changes).run()
