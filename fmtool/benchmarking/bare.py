"""The loop that a user would write by hand: batches in memory, the backend's own training step."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import keras
import numpy as np

from fmtool import options
from fmtool.compat import private_keras
from fmtool.elements import Element, Tokens, elements_of
from fmtool.training import network as networks
from fmtool.training import optimization as optimizations
from fmtool.training.seen_samples import as_seen, tensors_of
from fmtool.training.session import Session
from fmtool.trees import leaves, mapped

_MAX_BATCHES = 64
_MAX_BYTES = 2**28
_WARM_UP_STEPS = 3


@dataclass(frozen=True)
class Parts:
    """The parts of every such loop.

    Args:
        network: from normalised samples to outputs, in the precision of the session.
        loss: of targets and outputs, for each sample.
        batches: (samples float32 (b, ...), targets (b, ...)) on the device; tokens are int32.
    """

    network: Any
    optimizer: Any
    loss: Callable[[Any, Any], Any]
    batches: list[tuple[Any, Any]]
    jit: bool


class BareLoop:
    """The model and the optimizer of a session anew, in a loop without Keras' trainer.

    No augmentation, no metrics, no callbacks; and the images are not gathered, but lie in batches
    on the device. It has seen them before, so it is no way to train a model.
    """

    def __init__(self, session: Session) -> None:
        backend = session.cfg.runtime.backend
        module = import_module(f"fmtool.benchmarking.bare_{backend}")
        self._run: Callable[[int], None] = module.loop(_parts(session))
        self._run(_WARM_UP_STEPS)
        self._rate = self._measured(_WARM_UP_STEPS)

    def steps_per_second(self, seconds: float) -> float:
        """Over about so many seconds."""
        self._rate = self._measured(max(1, math.ceil(seconds * self._rate)))
        return self._rate

    def _measured(self, steps: int) -> float:
        began = time.perf_counter()
        self._run(steps)
        return steps / (time.perf_counter() - began)


def _parts(session: Session) -> Parts:
    cfg, splits = session.cfg, session.data.splits
    private_keras.name_afresh()  # keys may name layers
    task, needs = session.data.task, options.task(cfg.task.name).NEEDS
    element = task.input(splits.element)
    parts = networks.architecture(cfg.model, element, task, needs=needs)
    network = parts.as_model(element)
    optimizer = optimizations.build(
        network,
        cfg.optimizer,
        cfg.schedule,
        cfg.regularizer,
        steps_per_epoch=session.plan.steps,
        epochs=cfg.epochs,
        seed=cfg.seed,
    ).optimizer
    optimizer.build(network.trainable_variables)
    return Parts(network, optimizer, task.loss, _batches(session), jit=bool(cfg.runtime.jit))


def _batches(session: Session) -> list[tuple[Any, Any]]:
    """As many as there are in an epoch, or as take no more memory than `_MAX_BYTES`."""
    splits, task, size = session.data.splits, session.data.task, session.plan.batch_size
    seen = as_seen(splits, task)
    elements = elements_of(seen.element)
    bytes_of_batch = 4 * size * sum(math.prod(each.shape) for each in leaves(elements))
    count = max(1, min(session.plan.steps, _MAX_BATCHES, _MAX_BYTES // bytes_of_batch))
    rows = session.data.selection.train[: count * size]
    scaling = networks.scaling(
        session.cfg.model, session.cfg.data, seen, session.data.selection.train
    )
    batches = []
    for begin in range(0, count * size, size):
        chosen = rows[begin : begin + size]
        encoded = task.encode(splits.train.y[chosen])
        uniforms = np.zeros((len(chosen), task.draws), np.float32)
        every = slice(None)
        x, y = tensors_of(splits.train.x, chosen), tensors_of(encoded, every)
        samples, targets, _ = task.batch(x, y, tensors_of(uniforms, every), False)
        samples = mapped(_normalized, elements, samples, scaling)
        batches.append((samples, targets))
    return batches


def _normalized(element: Element, samples: Any, scaling: networks.Scaling) -> Any:
    if not isinstance(element, Tokens):
        scale, offset = scaling
        samples = keras.ops.convert_to_numpy(samples).astype(np.float32) * scale + offset
    return keras.ops.convert_to_tensor(samples)
