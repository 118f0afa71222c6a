"""`dry_run=true`: everything up to the first step, one batch forward and backward, no file."""

import time
from collections.abc import Sequence
from typing import Any

from fmtool.data.samples import images
from fmtool.errors import FmtoolError
from fmtool.evaluation import model_summary
from fmtool.machine import memory
from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.training.memory import batch_size as batch_sizes
from fmtool.training.memory import out_of_memory
from fmtool.training.session import TaskData, load_data, prepare, require_effect
from fmtool.trees import leaves


def dry_run(
    cfg: TrainConfig, *, plugins: Sequence[str] = (), data_option: str | None = None
) -> dict[str, Any]:
    """Sizes in bytes, times in seconds, and the loss of one batch before and after no run.

    Raises what a training raises before its second step.
    """
    with SignalGuard():
        data = load_data(cfg, data_option)
        samples = len(data.selection.train)
        cfg = batch_sizes.resolve(cfg, samples=samples, plugins=plugins)
        require_effect(cfg, data)
        return one_step(cfg, data)


def one_step(cfg: TrainConfig, data: TaskData) -> dict[str, Any]:
    """The facts that `dry_run` tells, with a number for the batch size."""
    try:
        return _measure(cfg, data)
    except FmtoolError:
        raise
    except Exception as error:
        samples = len(data.selection.train)
        raise out_of_memory.as_user_error(error, cfg, samples=samples) from error


def _measure(cfg: TrainConfig, data: TaskData) -> dict[str, Any]:
    session = prepare(cfg, data)
    from fmtool.training.state import bytes_of

    plan = session.plan
    if cfg.model.summary:
        model_summary.announce(session.network, batch_size=plan.batch_size)
    began = time.perf_counter()
    # All batches but one are left out.
    with session.train_feed(start=plan.steps - 1) as feed:
        history = session.model.fit(feed, epochs=1, shuffle=False, verbose=0).history
    runtime = session.cfg.runtime
    return {
        "model": cfg.model.name,
        "data": data.label,
        "parameters": session.network.count_params(),
        "weights_bytes": bytes_of(session.network.weights),
        "optimizer_bytes": bytes_of(session.model.optimizer.variables),
        "data_bytes": sum(map(images.bytes_of, leaves(data.splits.train.x))),
        "peak_memory_bytes": memory.peak(),
        "train_samples": len(data.selection.train),
        "validation_samples": 0 if data.validation is None else len(data.validation[1]),
        "batch_size": plan.batch_size,
        "steps_per_epoch": plan.steps,
        "steps": plan.steps * cfg.epochs,
        "backend": runtime.backend,
        "device": runtime.device,
        "precision": runtime.precision,
        "threads": runtime.threads,
        "first_batch_loss": float(history["loss"][0]),
        "first_batch_seconds": round(time.perf_counter() - began, 3),
    }
