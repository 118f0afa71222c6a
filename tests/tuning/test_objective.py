"""What a study is after, and what a trial came to."""

import pytest

from fmtool.errors import UsageError
from fmtool.metric import Metric
from fmtool.tuning import objective

TRAINING = (Metric("loss", "min"), Metric("accuracy", "max"))
ACCURACY = Metric("val_accuracy", "max")
FIGURES = objective.Figures(TRAINING, ACCURACY, ACCURACY)
ERROR = Metric("val_mae", "min")
OTHERS = objective.Figures((*TRAINING, Metric("mae", "min"), Metric("coverage", 0.9)), ERROR, ERROR)
ROWS = [
    {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.6},
    {"epoch": 2, "loss": 0.8, "accuracy": 0.6, "val_loss": 0.7, "val_accuracy": 0.8},
    {"epoch": 3, "loss": 0.6, "accuracy": 0.7, "val_loss": 0.5, "val_accuracy": 0.7},
]


def test_several_objectives_have_a_direction_each():
    found = objective.parse(["max val_accuracy", "min parameters"], FIGURES)
    assert [(each.direction, each.metric) for each in found] == [
        ("maximize", "val_accuracy"), ("minimize", "parameters"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "direction"),
    [("val_accuracy", "maximize"), ("val_loss", "minimize"), ("latency_ms", "minimize")],
)
def test_a_metric_alone_has_the_direction_it_is_good_in(text, direction):
    assert objective.parse(text, FIGURES)[0].direction == direction


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (FIGURES, "max val_accuracy"),
        (OTHERS, "min val_mae"),
        (objective.Figures(TRAINING, None, ACCURACY), "min val_loss"),
    ],
)
def test_without_a_word_a_study_goes_by_the_headline_or_else_the_loss(figures, expected):
    assert list(map(str, objective.parse("auto", figures))) == [expected]


def test_the_direction_of_a_metric_alone_is_that_of_its_task():
    assert str(objective.parse("val_mae", OTHERS)[0]) == "min val_mae"
    with pytest.raises(
        UsageError, match=r"val_coverage is good near 0\.9, neither large nor small"
    ):
        objective.parse("val_coverage", OTHERS)
    assert str(objective.parse("max val_coverage", OTHERS)[0]) == "max val_coverage"
    with pytest.raises(UsageError, match="fix: write 'min val_mae'"):
        objective.parse([], OTHERS)
    changed = objective.comparable(objective.parse("val_loss", OTHERS), ["task.loss"], OTHERS)
    assert list(map(str, changed)) == ["min val_mae"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("max val_acuracy", "objective=max val_acuracy: a trial has no metric 'val_acuracy'; fix: "
         "did you mean 'val_accuracy'?"),
        ("best val_loss", "objective=best val_loss is no objective; fix: write 'max METRIC' or"),
        ("max accuracy", "objective=max accuracy: a metric of the training data says little of "
         "other data; fix: write 'val_accuracy'"),
        (["min val_loss", "min val_loss"], "objective=['min val_loss', 'min val_loss']: nothing, "
         "or one metric twice; fix: write 'max val_accuracy'"),
    ],
)  # fmt: skip
def test_what_is_no_objective_says_why(given, message):
    with pytest.raises(UsageError) as caught:
        objective.parse(given, FIGURES)
    assert str(caught.value).startswith(message)


def test_a_trial_is_judged_at_its_best_epoch():
    (wanted,) = objective.parse("max val_accuracy", FIGURES)
    values = objective.values_of([wanted], ROWS, {"seconds": 3.0, "parameters": 10})
    assert values == {
        "loss": 0.8, "accuracy": 0.6, "val_loss": 0.7, "val_accuracy": 0.8,
        "seconds": 3.0, "parameters": 10.0,
    }  # fmt: skip


def test_of_facts_alone_the_last_epoch_tells_the_rest():
    values = objective.values_of(
        objective.parse("min parameters", FIGURES), ROWS, {"parameters": 10}
    )
    assert (values["val_loss"], values["parameters"]) == (0.5, 10.0)


@pytest.mark.parametrize(("text", "best"), [("min val_loss", 0.4), ("max val_loss", 0.6)])
def test_the_best_epoch_is_the_first_with_the_value_furthest_in_the_direction(text, best):
    values = (0.5, 0.4, 0.6, 0.4, 0.6)
    rows = [{"val_loss": value, "epoch": number} for number, value in enumerate(values)]
    found = objective.parse(text, FIGURES)[0].best_row(rows)
    assert found == {"val_loss": best, "epoch": values.index(best)}


def test_a_lost_value_is_no_best_one():
    rows = [{"val_loss": None}, {"val_loss": 0.4}]
    assert objective.parse("min val_loss", FIGURES)[0].best_row(rows) == {"val_loss": 0.4}


def test_a_constraint_is_missed_by_so_much():
    found = objective.violations({"val_accuracy": 0.7}, {"parameters": 5.0}, {"val_accuracy": 0.8})
    assert found == pytest.approx({"min.val_accuracy": -0.1, "max.parameters": 1.0})
    found = objective.violations({"val_loss": 0.5}, {"val_loss": 0.5}, {"val_loss": 0.75})
    assert found == {"min.val_loss": -0.25, "max.val_loss": 0.25}


@pytest.mark.parametrize(
    ("given", "keys", "expected", "is_said"),
    [
        ("min val_loss", ["task.loss"], ["max val_accuracy"], True),
        ("min val_loss", ["optimizer.name", "task.label_smoothing"], ["max val_accuracy"], True),
        (["min val_loss", "min bytes"], ["task"], ["max val_accuracy", "min bytes"], True),
        (["min val_loss", "max val_accuracy"], ["task.loss"], ["max val_accuracy"], True),
        ("min val_loss", ["task.class_weights", "batch_size"], ["min val_loss"], False),
        ("max val_accuracy", ["task.loss"], ["max val_accuracy"], False),
    ],
)
def test_a_loss_that_is_another_function_in_each_trial_is_no_objective(
    given, keys, expected, is_said, capsys
):
    found = objective.comparable(objective.parse(given, FIGURES), keys, FIGURES)
    assert list(map(str, found)) == expected
    err = capsys.readouterr().err
    assert ("is another function in each trial" in err) == is_said
    assert (f"the study goes by {', '.join(expected)}" in err) == is_said


def test_without_another_figure_that_is_said_and_the_loss_stays(capsys):
    figures = objective.Figures(TRAINING[:1], None, None)
    found = objective.comparable(objective.parse("auto", figures), ["task.loss"], figures)
    assert list(map(str, found)) == ["min val_loss"]
    assert "as task.loss is searched, and the task has no other figure" in capsys.readouterr().err
