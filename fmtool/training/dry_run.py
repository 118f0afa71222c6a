"""`dry_run=true`: everything up to the first step, one batch forward and backward, no file."""

import resource
import time
from typing import Any

import numpy as np

from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.training.session import load_data, prepare


def dry_run(cfg: TrainConfig) -> dict[str, Any]:
    """Sizes in bytes, times in seconds, and the loss of one batch before and after no run."""
    with SignalGuard():
        data = load_data(cfg)
        session = prepare(cfg, data)
        from fmtool.training.feed import Plan, feed
        from fmtool.training.indexed_model import to_device

        plan = session.plan
        batch = Plan(plan.indices[: plan.batch_size], plan.batch_size, draws=plan.draws)
        began = time.perf_counter()
        history = session.model.fit(
            feed(batch, to_device(data.splits.train)), epochs=1, shuffle=False, verbose=0
        ).history
        runtime = session.cfg.runtime
        return {
            "model": cfg.model.name,
            "data": cfg.data.name,
            "parameters": session.network.count_params(),
            "weights_bytes": _bytes(session.network.weights),
            "optimizer_bytes": _bytes(session.model.optimizer.variables),
            "data_bytes": int(np.asarray(data.splits.train.x).nbytes),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "train_samples": len(data.selection.train),
            "validation_samples": 0 if data.validation is None else len(data.validation[1]),
            "steps_per_epoch": plan.steps,
            "steps": plan.steps * cfg.epochs,
            "backend": runtime.backend,
            "device": runtime.device,
            "precision": runtime.precision,
            "threads": runtime.threads,
            "first_batch_loss": float(history["loss"][0]),
            "first_batch_seconds": round(time.perf_counter() - began, 3),
        }


def _bytes(variables: Any) -> int:
    return sum(int(np.prod(v.shape)) * np.dtype(v.dtype).itemsize for v in variables)
