"""Which way a figure is better, and which figures tables show."""

import math

import pytest

from fmtool.metric import Metric, headline, is_loss, of_rows

LOSS, ACCURACY = Metric("loss", "min"), Metric("accuracy", "max")


@pytest.mark.parametrize(
    ("goal", "better", "worse"),
    [("min", 0.1, 0.2), ("max", 0.2, 0.1), (0.9, 0.85, 0.99), (0.9, 0.95, 0.0)],
)
def test_a_value_is_better_in_one_direction_alone(goal, better, worse):
    metric = Metric("figure", goal)
    assert metric.is_better(better, worse)
    assert not metric.is_better(worse, better)
    assert not metric.is_better(better, better)


def test_nan_is_never_better_and_all_else_is_better_than_it():
    assert not LOSS.is_better(math.nan, None)
    assert not LOSS.is_better(math.nan, math.nan)
    assert LOSS.is_better(9.0, math.nan)
    assert LOSS.is_better(math.inf, None)


@pytest.mark.parametrize("goal", ["min", "max", 0.5])
def test_an_improvement_may_have_to_be_of_some_size(goal):
    metric = Metric("figure", goal)
    better, worse = (0.75, 0.25) if goal == "max" else (0.5, 1.0)
    assert metric.is_better(better, worse, by=0.25)
    assert not metric.is_better(better, worse, by=0.5)


def test_rows_hold_what_is_trained_on_and_then_validation():
    assert list(of_rows((LOSS, ACCURACY))) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert of_rows((LOSS, ACCURACY))["val_accuracy"].goal == "max"


def test_tables_have_room_for_the_first_figure_and_the_loss():
    others = (Metric("mae", "min"), LOSS, ACCURACY)
    assert headline(others) == ("mae", "loss")
    assert headline((LOSS, ACCURACY)) == ("loss",)


def test_what_is_minimized_goes_by_its_name_in_each_split():
    assert [is_loss(name) for name in ("loss", "val_loss", "gloss", "val_mae")] == [
        True, True, False, False,
    ]  # fmt: skip
