"""Which epoch counts as the best."""

import pytest

from fmtool.metric import Metric, of_rows
from fmtool.training.monitor import Monitor, headline, resolve

TRAINING = (Metric("loss", "min"), Metric("accuracy", "max"))
GOALS = {"val_loss": "min", "val_accuracy": "max", "val_coverage": 0.9}


def best_epoch(name, values):
    monitor = Monitor(None if name is None else Metric(name, GOALS[name]))
    taken = [
        monitor.take({"epoch": epoch, "step": 10 * epoch, name or "x": value})
        for epoch, value in enumerate(values, start=1)
    ]
    return (monitor.best.epoch if monitor.best else None), taken


def test_a_loss_is_best_where_it_is_smallest():
    assert best_epoch("val_loss", [3.0, 1.0, 2.0]) == (2, [True, True, False])


def test_an_accuracy_is_best_where_it_is_largest():
    assert best_epoch("val_accuracy", [0.1, 0.3, 0.2]) == (2, [True, True, False])


def test_a_figure_with_a_target_is_best_where_it_is_closest():
    assert best_epoch("val_coverage", [0.5, 0.95, 0.8]) == (2, [True, True, False])


def test_of_equal_epochs_the_first_is_best():
    assert best_epoch("val_loss", [1.0, 1.0]) == (1, [True, False])


def test_nan_is_never_best():
    nan = float("nan")
    assert best_epoch("val_loss", [nan, 2.0, nan]) == (2, [False, True, False])
    assert best_epoch("val_loss", [nan]) == (None, [False])


def test_without_a_metric_the_last_epoch_is_best():
    assert best_epoch(None, [1.0, 2.0]) == (2, [True, True])


def test_the_best_epoch_is_kept_with_its_step_and_value():
    monitor = Monitor(Metric("loss", "min"))
    monitor.take({"epoch": 4, "step": 80, "loss": 0.25})
    assert monitor.best is not None
    plain = {"epoch": 4, "step": 80, "monitor": "loss", "value": 0.25}
    assert vars(monitor.best) == {**plain, "loss": None, "headline": {}, "goals": {"loss": "min"}}


@pytest.mark.parametrize(
    ("monitor", "has_validation", "name"),
    [("auto", True, "val_loss"), ("auto", False, None), ("accuracy", False, "accuracy")],
)
def test_auto_is_resolved_by_whether_there_is_validation(monitor, has_validation, name):
    found = resolve(monitor, of_rows(TRAINING), has_validation=has_validation)
    assert (None if found is None else found.name) == name


def test_losses_give_way_to_the_first_other_figure_of_the_report_that_rows_have():
    rows = (Metric("loss", "min"), Metric("accuracy", "max"))
    report = (Metric("roc_auc", "max"), Metric("loss", "min"), Metric("accuracy", "max"))
    assert headline(rows, report) == Metric("val_accuracy", "max")
    assert headline(rows[:1], report) is None
