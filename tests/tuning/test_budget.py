"""The time and the values that end a study, at their very bounds, from trials made by hand."""

from datetime import datetime, timedelta

import pytest
from optuna.trial import FrozenTrial, TrialState

from fmtool.tuning import attempts, budget
from fmtool.tuning.config import StudyBudget
from fmtool.tuning.objective import Objective

BEGIN = datetime(2026, 1, 1)
HIGH = Objective(direction="maximize", metric="val_accuracy")
LOW = Objective(direction="minimize", metric="val_loss")
NO_LIMIT = {"trials": 9, "minutes": None, "target": None, "stagnation": None}


def trial(number, begin=0, end=60, *, state=TrialState.COMPLETE, violation=None, **metrics):
    """A trial at work between two times in seconds."""
    attrs = {"constraints": [violation]} if violation is not None else {}
    return FrozenTrial(
        number=number,
        state=state,
        value=None if state != TrialState.COMPLETE else 0.0,
        datetime_start=None if begin is None else BEGIN + timedelta(seconds=begin),
        datetime_complete=None if end is None else BEGIN + timedelta(seconds=end),
        params={},
        distributions={},
        user_attrs={attempts.METRICS: metrics},
        system_attrs=attrs,
        intermediate_values={},
        trial_id=number,
    )


def is_over(trials, objective=HIGH, **limits):
    return budget.is_over(StudyBudget(**NO_LIMIT | limits), [objective], trials)


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(0, 60)], 60),
        ([(0, 60), (60, 90)], 90),
        ([(0, 60), (100, 130)], 90),
        ([(0, 60), (30, 90)], 90),
        ([(0, 60), (10, 20)], 60),
        ([(0, 60), (10, 20), (50, 70)], 70),
        ([(30, 40), (0, 10)], 20),
        ([(0, 60), (None, None)], 60),
    ],
)
def test_time_counts_once_however_many_trials_are_at_work_and_not_between_them(spans, seconds):
    trials = [trial(number, *span) for number, span in enumerate(spans)]
    assert budget.busy_seconds(trials) == seconds


def test_a_trial_that_goes_on_counts_up_to_now():
    running = trial(0, end=None, state=TrialState.RUNNING)
    expected = (datetime.now() - BEGIN).total_seconds()
    assert budget.busy_seconds([running]) == pytest.approx(expected, abs=60)


@pytest.mark.parametrize(("minutes", "reason"), [(1, "minutes"), (1.01, None)])
def test_a_study_is_over_when_its_very_minutes_are(minutes, reason):
    assert is_over([trial(0, val_accuracy=0.5)], minutes=minutes) == reason


@pytest.mark.parametrize(
    ("objective", "value", "reason"),
    [
        (HIGH, 0.79, None), (HIGH, 0.8, "target"), (HIGH, 0.81, "target"),
        (LOW, 0.81, None), (LOW, 0.8, "target"), (LOW, 0.79, "target"),
    ],
)  # fmt: skip
def test_a_target_is_met_by_its_very_value_and_beyond(objective, value, reason):
    trials = [trial(0, **{objective.metric: value})]
    assert is_over(trials, objective, target=0.8) == reason


def test_a_target_is_met_by_trials_that_were_completed_alone():
    pruned = trial(0, state=TrialState.PRUNED, val_accuracy=0.9)
    assert is_over([pruned], target=0.8) is None


def test_of_several_objectives_none_ends_a_study():
    limits = StudyBudget(**NO_LIMIT | {"target": 0.8, "stagnation": 1})
    assert budget.is_over(limits, [HIGH, LOW], [trial(0, val_accuracy=0.9)]) is None
    limits = StudyBudget(**NO_LIMIT | {"minutes": 1})
    assert budget.is_over(limits, [HIGH, LOW], [trial(0)]) == "minutes"


@pytest.mark.parametrize(("others", "reason"), [(1, None), (2, "stagnation"), (3, "stagnation")])
def test_stagnation_is_so_many_trials_after_the_best(others, reason):
    values = [0.4, 0.5, *[0.5] * others]
    trials = [trial(n, 60 * n, 60 * n + 50, val_accuracy=v) for n, v in enumerate(values)]
    assert is_over(trials, stagnation=2) == reason


def test_trials_count_in_the_order_in_which_they_ended():
    """The best one was begun first and ended last."""
    spans = [(0, 300, 0.9), (10, 100, 0.1), (20, 200, 0.2)]
    trials = [trial(n, begin, end, val_accuracy=v) for n, (begin, end, v) in enumerate(spans)]
    assert is_over(trials, stagnation=1) is None


def test_nothing_stagnates_before_a_first_value():
    lost = [trial(n, state=TrialState.PRUNED) for n in range(5)]
    assert is_over(lost, stagnation=1) is None


@pytest.mark.parametrize(("violation", "reason"), [(-0.1, "target"), (0.0, "target"), (0.1, None)])
def test_a_constraint_is_kept_up_to_its_very_bound(violation, reason):
    assert is_over([trial(0, violation=violation, val_accuracy=0.9)], target=0.8) == reason
