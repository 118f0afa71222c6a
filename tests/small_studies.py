"""Studies with real trainings that are as small as such can be, or as long as a test wants."""

import json

from local_processes import wait_until

from fmtool.runs.layout import RunPaths
from fmtool.tuning.retry_policy import RetryPolicy
from fmtool.tuning.store import Store

NAME = "s"
TRAINING = ("data=digits", "model=mlp", "model.units=[4]", "logging=quiet", "runtime.backend=jax")
SEARCH = ("optimizer.learning_rate=1e-4..1e-1:log", "tuner=random", "pruner=none")
LINE = ("tune", *TRAINING, *SEARCH, "runtime.threads=1", "tune.plots=false", f"study={NAME}")
WORKER = ("tune", "worker", f"study={NAME}", "tune.plots=false")


def trials_of(url):
    return Store.load(url, NAME, patience=RetryPolicy(url, 60)).trials()


LONG = (*LINE, "epochs=100000", "budget.trials=1")


def epochs_of(fmtool):
    """Of the only run, those that are logged."""
    if len(fmtool.runs) != 1 or not (path := RunPaths(fmtool.runs[0]).metrics).exists():
        return []
    return [json.loads(row)["epoch"] for row in path.read_text().splitlines()]


def train_beyond(fmtool, started, *words, epochs):
    """The line, until its only run has more epochs than that."""
    process = fmtool.start(*LONG, *words)
    started.append(process)
    wait_until(lambda: len(epochs_of(fmtool)) > epochs, 120, "it goes on")
    return process


def is_at_rest(fmtool):
    """Whether the training has ended with its state in a checkpoint."""
    paths = RunPaths(fmtool.runs[0])
    return paths.result.exists() and any(paths.checkpoints.glob("step-*"))
