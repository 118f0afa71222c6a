"""The best state of a training, from its checkpoint to model.keras."""

from fmtool.errors import DataError
from fmtool.notices import warn
from fmtool.runs.atomic import write_with
from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.layout import RunPaths
from fmtool.training import state
from fmtool.training.network import presented
from fmtool.training.session import Session


def save(session: Session, store: CheckpointStore, paths: RunPaths) -> None:
    """Writes model.keras, whose state the model of the session then has.

    The state is that of the best epoch, or of the last one without `early_stopping.restore_best`,
    with the average or the slow weights in the place of the weights where there are any.
    """
    _restore(session, store)
    model = presented(session.network, session.data.task, session.data.splits.element)
    write_with(paths.model, model.save, needed=4 * session.network.count_params())


def _restore(session: Session, store: CheckpointStore) -> None:
    wants_best = session.cfg.callbacks.early_stopping.restore_best
    checkpoint = store.best if wants_best else store.last
    try:
        assert checkpoint is not None, "the last epoch commits a checkpoint"
        meta = verify(checkpoint)
    except DataError as error:
        warn(f"{error.message}; the newest intact checkpoint becomes the model")
        checkpoint = store.latest_valid()
        assert checkpoint is not None, "there are checkpoints"
        meta = verify(checkpoint)
    session.model.build_everything()
    state.load(session.model, checkpoint)
    session.final.take(meta["step"])
