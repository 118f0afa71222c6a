"""The end of a study, whoever worked at it and however often it was begun."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fmtool.tuning import attempts
from fmtool.tuning.attempts import TrialAttempts
from fmtool.tuning.config import StudyBudget
from fmtool.tuning.objective import Objective

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

TIME, TARGET, STAGNATION = "minutes", "target", "stagnation"


def is_over(
    budget: StudyBudget,
    objectives: Sequence[Objective],
    trials: Sequence["FrozenTrial"],
) -> str | None:
    """The part of the budget that ends the study before all trials are made; else None."""
    if budget.minutes is not None and busy_seconds(trials) >= 60 * budget.minutes:
        return TIME
    if len(objectives) > 1:
        return None
    (objective,) = objectives
    found = completed(attempts.by_trial(trials), objective)
    if budget.target is not None and any(
        value == budget.target or objective.asked.is_better(value, budget.target)
        for _, value in found
    ):
        return TARGET
    if budget.stagnation is not None and _since_best(trials, objective) >= budget.stagnation:
        return STAGNATION
    return None


def busy_seconds(trials: Sequence["FrozenTrial"]) -> float:
    """The time in which any trial was at work, of which there may have been several at once."""
    now = datetime.now()
    spans = sorted(
        (each.datetime_start, each.datetime_complete or now)
        for each in trials
        if each.datetime_start is not None
    )
    busy, until = timedelta(), datetime.min
    for begin, end in spans:
        busy += max(timedelta(), end - max(begin, until))
        until = max(until, end)
    return busy.total_seconds()


def completed(
    found: Sequence[TrialAttempts], objective: Objective
) -> list[tuple[TrialAttempts, float]]:
    """Finished trials that keep the constraints, with the value of one objective."""
    return [
        (chain, float(chain.attrs[attempts.METRICS][objective.metric]))
        for chain in found
        if chain.status == attempts.COMPLETED and is_feasible(chain)
    ]


def is_feasible(chain: TrialAttempts) -> bool:
    return all(value <= 0 for value in chain.current.constraints.values())


def _since_best(trials: Sequence["FrozenTrial"], objective: Objective) -> int:
    """The number of trials that have finished after the best one."""
    closed = [chain for chain in attempts.by_trial(trials) if not chain.is_open]
    closed.sort(key=lambda chain: chain.current.datetime_complete or datetime.max)
    best, since = None, 0
    for chain in closed:
        since += 1
        for _, value in completed([chain], objective):
            if best is None or objective.asked.is_better(value, best):
                best, since = value, 0
    return since if best is not None else 0
