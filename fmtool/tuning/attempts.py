"""The trials of a study as its budget counts them.

A worker that dies leaves its trial behind; another one takes it over under a new number, since a
storage cannot give a trial to somebody else. All that go back to one `origin` are a chain, which
costs one trial of the budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

ORIGIN, ATTEMPT, LEASE = "origin", "attempt", "lease"
OUTCOME, RUN, METRICS, EPOCHS = "outcome", "run", "metrics", "epochs"

SURPLUS, DUPLICATE, LOST = "surplus", "duplicate", "lost"
"""Outcomes of trials that do not count: beyond the budget, or taken over by another."""
COMPLETED, PRUNED, FAILED, INVALID = "completed", "pruned", "failed", "invalid"
DIVERGED, OUT_OF_MEMORY, TIMED_OUT, ENDED = "diverged", "out_of_memory", "timed_out", "ended"
"""Those that do; `ended` by the budget of the study."""
WAITING, RUNNING = "waiting", "running"

_NOT_COUNTED = (SURPLUS, DUPLICATE, LOST)
_BY_STATE = {TrialState.COMPLETE: COMPLETED, TrialState.PRUNED: PRUNED}


def origin(trial: "FrozenTrial") -> int:
    return int(trial.user_attrs.get(ORIGIN, trial.number))


def attempt(trial: "FrozenTrial") -> int:
    return int(trial.user_attrs.get(ATTEMPT, 0))


def status(trial: "FrozenTrial") -> str:
    """The state of an attempt."""
    outcome = str(trial.user_attrs.get(OUTCOME, ""))
    if trial.state in _BY_STATE:
        # Who took it for lost may have noted so just before it was finished after all.
        return outcome if outcome not in ("", *_NOT_COUNTED) else _BY_STATE[trial.state]
    if not trial.state.is_finished():
        return WAITING if trial.state == TrialState.WAITING else RUNNING
    return outcome or FAILED


@dataclass(frozen=True)
class TrialAttempts:
    """One trial, whoever worked at it.

    Args:
        origin: the number of its first attempt, by which it is called.
        trials: the attempts in their order.
    """

    origin: int
    trials: tuple["FrozenTrial", ...]

    @property
    def current(self) -> "FrozenTrial":
        """The attempt that counts: one that came to something, or else the last."""
        counted = [each for each in self.trials if status(each) not in _NOT_COUNTED]
        finished = [each for each in counted if each.state in _BY_STATE]
        return (finished or counted or self.trials)[-1]

    @property
    def is_open(self) -> bool:
        return self.status in (RUNNING, WAITING, *_NOT_COUNTED)

    @property
    def status(self) -> str:
        return status(self.current)

    @property
    def attrs(self) -> dict[str, Any]:
        return self.current.user_attrs


def by_trial(trials: Sequence["FrozenTrial"]) -> list[TrialAttempts]:
    """Those that count, by their origin."""
    by_origin: dict[int, list[FrozenTrial]] = {}
    for trial in trials:
        by_origin.setdefault(origin(trial), []).append(trial)
    found = []
    for number, members in sorted(by_origin.items()):
        ordered = sorted(members, key=lambda each: (attempt(each), each.number))
        if status(ordered[0]) != SURPLUS:
            found.append(TrialAttempts(number, tuple(ordered)))
    return found


def rank(trial: "FrozenTrial", trials: Sequence["FrozenTrial"]) -> int:
    """The number of trials that count and began before this one."""
    return sum(each.origin < origin(trial) for each in by_trial(trials))
