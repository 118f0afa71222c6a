"""The facts on a study, as one JSON document."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fmtool.errors import ExitCode
from fmtool.evaluation import gates
from fmtool.privacy import without_password
from fmtool.runs.result import Gate
from fmtool.schema import GateConfig
from fmtool.tuning import attempts, budget
from fmtool.tuning.attempts import TrialAttempts
from fmtool.tuning.definition import Definition
from fmtool.tuning.objective import Objective
from fmtool.tuning.store import Store

SCHEMA_VERSION = 1


def best_of(definition: Definition, found: Sequence[TrialAttempts]) -> list[TrialAttempts]:
    """The best trial, or of several objectives all that no other is better than in each.

    The first of equals; none where no trial that counts is complete.
    """
    if len(definition.objectives) > 1:
        return _front(definition.objectives, found)
    (objective,) = definition.objectives
    best: tuple[TrialAttempts, float] | None = None
    for chain, value in budget.completed(found, objective):
        if best is None or objective.asked.is_better(value, best[1]):
            best = chain, value
    return [] if best is None else [best[0]]


def _front(objectives: Sequence[Objective], found: Sequence[TrialAttempts]) -> list[TrialAttempts]:
    feasible = [chain for chain, _ in budget.completed(found, objectives[0])]

    def costs(chain: TrialAttempts) -> list[float]:
        values = zip(objectives, chain.current.values, strict=True)
        return [each.asked.loss_of(value) for each, value in values]

    def is_dominated(chain: TrialAttempts) -> bool:
        mine = costs(chain)
        return any(
            all(a <= b for a, b in zip(costs(other), mine, strict=True)) and costs(other) != mine
            for other in feasible
        )

    return sorted((chain for chain in feasible if not is_dominated(chain)), key=costs)


def trial_document(definition: Definition, chain: TrialAttempts) -> dict[str, Any]:
    """One trial; `overrides` are what is typed to train at its point."""
    from fmtool.tuning.space import overrides_of

    trial, attrs = chain.current, chain.attrs
    seconds = None
    if trial.datetime_start and trial.datetime_complete:
        seconds = round((trial.datetime_complete - trial.datetime_start).total_seconds(), 3)
    return {
        "trial": chain.origin,
        "status": chain.status,
        "values": trial.values,
        "overrides": overrides_of(definition.dimensions, trial.params),
        "params": dict(trial.params),
        "metrics": attrs.get(attempts.METRICS, {}),
        "epochs": attrs.get(attempts.EPOCHS),
        "seconds": seconds,
        "is_feasible": budget.is_feasible(chain),
        "message": attrs.get("message"),
        "run": attrs.get(attempts.RUN),
    }


def document(store: Store, gate: GateConfig | None = None) -> dict[str, Any]:
    """The study now; its `exit_code` as `fmtool tune` ends with."""
    definition, trials = store.definition, store.trials()
    found = attempts.by_trial(trials)
    best = best_of(definition, found)
    rows = judge(gate, best)
    counts = Counter(chain.status for chain in found)
    limits = store.settings.budget
    is_complete = _is_complete(found[: limits.trials], limits.trials) or (
        # A trial that was given back before is not done any more.
        budget.is_over(limits, definition.objectives, trials) is not None
        and not any(chain.status == attempts.RUNNING for chain in found)
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "study": definition.name,
        "storage": without_password(store.url),
        "status": "completed" if is_complete else "open",
        "exit_code": int(_exit_code(counts, rows)),
        "objectives": [str(each) for each in definition.objectives],
        "tuner": definition.tuner["name"],
        "pruner": definition.pruner["name"] if definition.can_prune else "none",
        "dimensions": {each.name: each.domain.show() for each in definition.dimensions},
        "budget": limits.model_dump(),
        "trials": dict(counts),
        "seconds": round(budget.busy_seconds(trials), 3),
        "best": [trial_document(definition, chain) for chain in best],
        "gates": [row.to_json() for row in rows],
    }


def _is_complete(counted: Sequence[TrialAttempts], most: int) -> bool:
    return len(counted) >= most and not any(chain.is_open for chain in counted)


def judge(gate: GateConfig | None, best: Sequence[TrialAttempts]) -> tuple[Gate, ...]:
    """Judges the gates; with several best trials each gate is met if one of them meets it."""
    if gate is None or not (gate.min or gate.max):
        return ()
    judged = [gates.judge(gate, chain.attrs[attempts.METRICS]) for chain in best]
    if not judged:
        judged = [gates.judge(gate, {})]
    return tuple(
        next((row for row in rows if row.met), rows[0]) for rows in zip(*judged, strict=True)
    )


def _exit_code(counts: Mapping[str, int], rows: Sequence[Gate]) -> ExitCode:
    if counts.get(attempts.FAILED, 0) or not counts.get(attempts.COMPLETED, 0):
        return ExitCode.JOBS_FAILED
    return ExitCode.SUCCESS if all(row.met for row in rows) else ExitCode.GATE_NOT_MET
