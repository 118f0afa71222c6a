"""Trainings that are killed again and again until they are complete, and what became of them."""

import random
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from children import Child, Zygote
from ending import differences, ending

JOB = (
    "model=cnn", "model.filters=[4]", "model.dense_units=[16]", "model.dropout=0.2",
    "model.normalization=batch",
    "data=digits", "data.limit=320", "batch_size=12", "epochs=12", "augment=flip_crop",
    "augment.crop_padding=1", "optimizer.learning_rate=0.02", "optimizer.use_ema=true",
    "optimizer.ema_momentum=0.5", "schedule=reduce_on_plateau", "schedule.factor=0.5",
    "schedule.patience=1", "schedule.min_delta=0.05", "callbacks.early_stopping.patience=3",
    "callbacks.checkpoint.every_steps=7", "logging.every_n_steps=5", "logging.plots=false",
    "runtime.device=cpu",
)  # fmt: skip
"""Everything that keeps a state of its own; the learning rate falls, training may end early."""

FAULTS = (
    "after_tmp", "before_rename", "after_rename", "before_last", "before_best", "while_pruning",
)  # fmt: skip
"""The points of the commit protocol at which FMTOOL_FAULT kills."""

STORAGES = ("device", "host", "stream")
"""Where the samples lie, another place at each attempt: the bits are the same."""

_REFERENCE = "uninterrupted"


@dataclass(frozen=True)
class Attack:
    """A signal some time after a step is reached, or death inside a commit from that step on."""

    at_step: int
    send: signal.Signals | None = None
    fault: str | None = None
    delay: float = 0.0


@dataclass
class Training:
    """One training through all its attempts.

    Args:
        different: what of its ending is not that of the uninterrupted training.
    """

    attempts: list[Child] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return sum(child.code == -signal.SIGKILL for child in self.attempts)

    @property
    def terminations(self) -> int:
        return sum(child.code == -signal.SIGTERM for child in self.attempts)


def train(zygote: Zygote, folder: Path, *words: str, **attack: Any) -> Child:
    """The job in a folder; `words` come after its own, `attack` is as in `Zygote.run`."""
    runtime = (f"runtime.backend={zygote.backend}", f"runtime.threads={zygote.threads}")
    return zygote.run(folder, "train", *JOB, *runtime, *words, **attack)


def run_of(folder: Path) -> Path:
    """The run in a folder, which must be the only one."""
    (run,) = (folder / "runs").glob("2*")
    return run


def torture(
    zygote: Zygote, folder: Path, *, kills: int, kills_each: int = 8, seed: int = 0
) -> list[Training]:
    """Trainings by `resume=auto`, each under attack, until there were that many SIGKILLs.

    An attempt that ends otherwise than by the attack or in success fails an assertion.
    """
    reference = train(zygote, folder / _REFERENCE)
    assert reference.code == 0, reference.err
    expected = ending(run_of(folder / _REFERENCE))
    moments = random.Random(seed)
    faults = islice(cycle(FAULTS), seed, None)
    trainings: list[Training] = []
    while (missing := kills - sum(each.kills for each in trainings)) > 0:
        plan = attacks(moments, faults, kills=min(kills_each, missing), last_step=reference.step)
        place = folder / str(len(trainings))
        training = Training(_attempts(zygote, place, plan))
        training.different = differences(expected, ending(run_of(place)))
        trainings.append(training)
        if not training.different:
            shutil.rmtree(place)
    return trainings


def attacks(
    moments: random.Random, faults: Iterator[str], *, kills: int, last_step: int
) -> list[Attack]:
    """Half of the kills at any moment, half within a commit, and a SIGTERM for each four kills.

    The last kill falls into what comes after the last step: a commit, the export, the report.
    """
    steps = sorted(moments.randint(1, last_step * 9 // 10) for _ in range(kills - 1))
    plan = []
    for number, step in enumerate(steps):
        delay = moments.uniform(0, 0.03)
        if number % 4 == 2:
            plan.append(Attack(step, signal.SIGTERM, delay=delay))
        if number % 2:
            plan.append(Attack(step, fault=next(faults)))
        else:
            plan.append(Attack(step, signal.SIGKILL, delay=delay))
    return [*plan, Attack(last_step, signal.SIGKILL, delay=moments.uniform(0, 0.3))]


def _attempts(zygote: Zygote, folder: Path, plan: list[Attack]) -> list[Child]:
    """Until the training is complete; the last one is left in peace."""
    attempts: list[Child] = []
    for attack, storage in zip([*plan, Attack(0)], cycle(STORAGES), strict=False):
        words = "resume=auto", f"data.storage={storage}"
        child = train(zygote, folder, *words, **vars(attack))
        attempts.append(child)
        by_attack = -(attack.send or signal.SIGKILL)
        assert child.code in (0, by_attack), f"{attack}: {child.code}\n{child.err}"
        if child.code == 0:
            return attempts
    raise AssertionError(f"left in peace it ended with {attempts[-1].code}: {attempts[-1].err}")
