"""Studies without trainings: defined by a line, their trials finished by hand."""

from pathlib import Path

from optuna.trial import TrialState

from fmtool.config import arguments, compose
from fmtool.tuning import attempts, config, definition, space, workflow
from fmtool.tuning.dimension import draw
from fmtool.tuning.retry_policy import RetryPolicy
from fmtool.tuning.store import Store

OWN = ("study", "objective", "space", "budget", "constraint", "gate", "tune", "tuner", "pruner")
LEASE = {"machine": "", "beat": 0}


class Study:
    """A study without trainings."""

    def __init__(self, folder: Path, words: tuple[str, ...]) -> None:
        overrides = [arguments.prepare(word) for word in words]
        own = [each for each in overrides if arguments.top_key(each) in OWN]
        others = [each for each in overrides if each not in own]
        self.cfg = config.tune_config(compose.compose("tune", [*own, f"runs_dir='{folder}'"]))
        found = space.read(others, space=self.cfg.space, config_name="train", folders=())
        self.definition = definition.define(self.cfg, found, config_name="train", folders=())
        self.place = workflow.Place.of(self.definition.name, folder, None)
        self.patience = RetryPolicy(self.place.url, 10.0)

    def store(self) -> Store:
        workflow.create(self.cfg, self.definition, self.place, self.patience)
        return workflow.open_study(self.place, self.definition.name, self.patience)


def complete(store, value, *, epochs=1, state=TrialState.COMPLETE, outcome=attempts.COMPLETED):
    """Draws a trial and finishes it with `value` for every objective."""
    trial = store.take(LEASE, most=1000)
    draw(store.definition.dimensions, trial)
    names = [each.metric for each in store.definition.objectives]
    metrics = dict.fromkeys(names, value)
    attrs = {attempts.OUTCOME: outcome, attempts.METRICS: metrics, attempts.EPOCHS: epochs}
    values = [value] * len(names) if state == TrialState.COMPLETE else None
    store.finish(trial, state, attrs, values=values)
    return trial
