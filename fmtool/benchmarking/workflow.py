"""`fmtool bench`: fmtool's training and a bare loop in turns, and what the machine could do."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from fmtool import backend
from fmtool.benchmarking.config import BenchConfig
from fmtool.benchmarking.startup import Phases
from fmtool.errors import FmtoolError
from fmtool.machine import memory
from fmtool.notices import note
from fmtool.schema import TrainConfig
from fmtool.signals import SignalGuard
from fmtool.training.memory import batch_size as batch_sizes
from fmtool.training.memory import out_of_memory
from fmtool.training.session import Session, TaskData, load_data, prepare

SCHEMA_VERSION = 1

Figures = dict[str, Any]

_MAX_EPOCHS = 100_000
_MAX_STEPS = 2**30
_WARM_UP_SECONDS = 0.5


def bench(cfg: TrainConfig, settings: BenchConfig, *, plugins: Sequence[str] = ()) -> Figures:
    """The figures of a training, with their units in their names; nothing is left on disk.

    Raises what a training raises before its second step, and Interrupted.
    """
    phases = Phases()
    with SignalGuard() as signals, TemporaryDirectory(prefix="fmtool-bench-") as directory:
        data = load_data(cfg)
        phases.end("data")
        samples = len(data.selection.train)
        try:
            cfg = batch_sizes.resolve(cfg, samples=samples, plugins=plugins)
            session = _prepare(_endless(cfg, samples), data, phases)
            return _measure(session, settings, Path(directory), signals, phases)
        except FmtoolError:
            raise
        except Exception as error:
            raise out_of_memory.as_user_error(error, cfg, samples=samples) from error


def _endless(cfg: TrainConfig, samples: int) -> TrainConfig:
    """So many epochs that none is the last, and no early stop."""
    assert isinstance(cfg.batch_size, int), "auto is resolved before"
    steps = max(1, samples // cfg.batch_size)
    rule = cfg.callbacks.early_stopping.model_copy(update={"patience": None})
    callbacks = cfg.callbacks.model_copy(update={"early_stopping": rule})
    epochs = min(_MAX_EPOCHS, _MAX_STEPS // steps)
    return cfg.model_copy(update={"epochs": epochs, "callbacks": callbacks})


def _prepare(cfg: TrainConfig, data: TaskData, phases: Phases) -> Session:
    runtime = backend.select(cfg.runtime)
    phases.end("import")
    session = prepare(cfg.model_copy(update={"runtime": runtime}), data)
    phases.end("build")
    return session


def _measure(
    session: Session, settings: BenchConfig, directory: Path, signals: SignalGuard, phases: Phases
) -> Figures:
    from fmtool.benchmarking.bare import BareLoop
    from fmtool.benchmarking.training_loop import training_loop
    from fmtool.machine.probes import PRECISIONS, peak

    runtime = session.cfg.runtime
    with training_loop(session, directory, signals) as ours:
        phases.seconds["seconds_first_dispatch"] = ours.train(0).first_dispatch
        ours.train(_WARM_UP_SECONDS)
        most_memory = memory.peak()
        bare = BareLoop(session)
        turns = {
            "fmtool": lambda: ours.train(settings.seconds).steps_per_second,
            "bare": lambda: bare.steps_per_second(settings.seconds),
        }
        for precision in PRECISIONS:
            if precision == runtime.precision:
                turns["peak"] = partial(peak, runtime.device, precision)
        rounds = _in_turns(turns, settings.rounds)
        checkpoint = ours.seconds_per_checkpoint
    return {
        **_facts(session),
        **_speed(session, rounds, checkpoint),
        **_use_of_the_machine(session, rounds),
        **phases.seconds,
        "seconds_until_first_dispatch": sum(phases.seconds.values()),
        "peak_memory_bytes": most_memory,
        "load_average": os.getloadavg()[0],
    }


def _in_turns(turns: Mapping[str, Callable[[], float]], rounds: int) -> list[dict[str, float]]:
    """The figures of each in each round; who begins changes from round to round."""
    measured = []
    for number in range(rounds):
        names = list(turns) if number % 2 else list(turns)[::-1]
        rates = {name: turns[name]() for name in names}
        shown = ", ".join(f"{name} {rates[name]:.1f} steps/s" for name in ("fmtool", "bare"))
        note(f"round {number + 1} of {rounds}: {shown}")
        measured.append(rates)
    return measured


def _facts(session: Session) -> Figures:
    runtime = session.cfg.runtime
    return {
        "schema_version": SCHEMA_VERSION,
        "model": session.cfg.model.name,
        "data": session.cfg.data.name,
        "kind": session.data.splits.element.kind,
        "batch_size": session.plan.batch_size,
        "backend": runtime.backend,
        "device": runtime.device,
        "precision": runtime.precision,
        "threads": runtime.threads,
        "storage": session.cfg.data.storage,
        "steps_per_dispatch": runtime.steps_per_dispatch,
    }


def _speed(session: Session, rounds: Sequence[dict[str, float]], checkpoint: float) -> Figures:
    """Medians over the rounds; a ratio is of two turns of one round."""
    size = session.plan.batch_size
    ours, bare = (median(rates[name] for rates in rounds) for name in ("fmtool", "bare"))
    ratios = [rates["fmtool"] / rates["bare"] for rates in rounds]
    epoch = session.plan.steps / ours
    share = min(checkpoint / (epoch + checkpoint), session.cfg.callbacks.checkpoint.max_share)
    samples = {
        "samples_per_second": ours * size,
        "samples_per_second_with_checkpoints": ours * size * (1 - share),
        "bare_samples_per_second": bare * size,
    }
    return {
        "rounds": len(rounds),
        "steps_per_second": ours,
        **samples,
        # For programs that read what fmtool 0.1 printed.
        **{name.replace("samples", "images"): value for name, value in samples.items()},
        "seconds_per_checkpoint": checkpoint,
        "bare_steps_per_second": bare,
        "fmtool_over_bare": median(ratios),
        "fmtool_over_bare_min": min(ratios),
        "fmtool_over_bare_max": max(ratios),
    }


def _use_of_the_machine(session: Session, rounds: Sequence[dict[str, float]]) -> Figures:
    """The peak is the best of the rounds; None where there is no measurement of the precision."""
    from fmtool.machine.flops import model_flops

    flops = model_flops(session.network).training
    steps_per_second = median(rates["fmtool"] for rates in rounds)
    achieved = steps_per_second * session.plan.batch_size * flops
    most = max((rates["peak"] for rates in rounds if "peak" in rates), default=None)
    return {
        "training_flops_per_image": flops,
        "gflops_per_second": achieved / 1e9,
        "peak_gflops_per_second": None if most is None else most / 1e9,
        "share_of_peak": None if most is None else achieved / most,
    }
