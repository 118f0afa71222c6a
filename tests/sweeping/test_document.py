"""The document of a sweep: exit code, best job, means over repetitions."""

from pathlib import Path

import pytest

from fmtool.runs.layout import SweepPaths
from fmtool.sweeping.document import best_of, document, exit_code_of, failures, rows_of, spread
from fmtool.sweeping.table import best_line


@pytest.fixture
def rows(expanded, result_of, tmp_path):
    """Rows of jobs that ended with the best value given for each; None for a failure."""

    def make(*overrides, values, seeds=None, monitor="val_loss", accuracies=None):
        jobs = expanded(*overrides, seeds=seeds)
        results = {}
        for job, value in zip(jobs, values, strict=True):
            best = {"epoch": 1, "step": 20, "monitor": monitor, "value": value}
            if accuracies is not None:
                best["headline"] = {"val_accuracy": accuracies[job.number - 1]}
            ended = {"best": best, "metrics": {"accuracy": None if value is None else value / 2}}
            failed = {"status": "failed", "exit_code": 1, "best": None, "metrics": {}}
            results[job.number] = result_of(
                f"r{job.number}", **(failed if value is None else ended)
            )
        return rows_of(jobs, results, SweepPaths(tmp_path))

    return make


def made(rows, exit_code=0):
    paths = SweepPaths(Path("runs/sweeps/s"))
    return document(paths, rows, digest="d", shard=None, exit_code=exit_code)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0, 0), 0),
        ((0, 4), 4),
        ((4, 5), 3),
        ((130, 0), 3),
        ((2, 4), 3),
        ((124, 0), 3),
        ((1, None), 3),
        ((), 0),
    ],
)
def test_a_failed_job_outweighs_a_missed_gate(codes, expected):
    assert exit_code_of([{"exit_code": code} for code in codes]) == expected


def test_a_job_that_did_not_start_has_no_code(expanded, tmp_path):
    (row,) = rows_of(expanded("seed=1"), {}, SweepPaths(tmp_path))
    assert (row["status"], row["exit_code"], row["log"]) == ("not_started", None, None)


def test_what_is_the_same_has_the_result_of_the_first_and_says_so(expanded, result_of, tmp_path):
    one, other = rows_of(expanded("seed=1,1"), {1: result_of("a")}, SweepPaths(tmp_path))
    assert (other["run"], other["same_as"], other["job"]) == ("a", 1, 2)
    assert (one["run"], one["same_as"]) == ("a", None)


def test_a_failure_is_listed_once(expanded, tmp_path):
    failed = {1: {"status": "failed", "exit_code": 1}}
    rows = rows_of(expanded("seed=1,1"), failed, SweepPaths(tmp_path))
    assert [row["job"] for row in failures(rows)] == [1]


def test_the_least_loss_is_the_best(rows):
    best = made(rows("batch_size=16,32,64", values=[0.3, 0.1, 0.2]))["best"]
    assert best == {
        "job": 2,
        "run": "r2",
        "overrides": ["batch_size=32"],
        "monitor": "val_loss",
        "value": 0.1,
        "losses": [],
        "seeds": 1,
    }


def test_the_most_accuracy_is_the_best(rows):
    found = rows("batch_size=16,32", values=[0.3, 0.1], monitor="val_accuracy")
    assert made(found)["best"]["job"] == 1


def test_a_job_that_failed_is_not_the_best(rows):
    assert made(rows("batch_size=16,32", values=[None, 0.9]))["best"]["job"] == 2


def test_values_of_different_monitors_do_not_compare(rows):
    one = rows("batch_size=16", values=[0.3])
    other = rows("batch_size=32", values=[0.1], monitor="val_accuracy")
    assert best_of([one, other]) is None


LOSSES = "task.loss=cross_entropy,mse,focal"


def test_jobs_with_different_losses_compare_by_the_headline_of_the_task_and_say_so(rows):
    found = made(rows(LOSSES, values=[0.2, 0.01, 0.08], accuracies=[0.9, 0.8, 0.95]))
    best = found["best"]
    assert (best["job"], best["monitor"], best["value"]) == (3, "val_accuracy", 0.95)
    assert best["losses"] == ["cross_entropy", "focal, focal_gamma=2", "mse"]
    assert best_line(best).startswith("best val_accuracy 0.95")
    assert "as the loss is not the same: cross_entropy; focal, focal_gamma=2; mse" in best_line(
        best
    )


def test_points_with_different_losses_have_the_means_of_their_headline(rows):
    values = {"values": [0.2, 0.3, 0.01, 0.02], "accuracies": [0.9, 0.8, 0.5, 0.7]}
    found = made(rows("task.label_smoothing=0,0.1", seeds=2, **values))
    assert [point["monitor"] for point in found["points"]] == ["val_accuracy"] * 2
    assert [point["best"]["mean"] for point in found["points"]] == pytest.approx([0.85, 0.6])
    assert (found["best"]["job"], found["best"]["seeds"]) == (1, 2)


@pytest.mark.parametrize(
    "overrides", ["task.class_weights=none,balanced", "task.focal_gamma=1,2", "batch_size=16,32"]
)
def test_what_does_not_change_the_loss_of_validation_leaves_it_to_the_monitor(rows, overrides):
    found = made(rows(overrides, values=[0.2, 0.1], accuracies=[0.9, 0.8]))
    assert (found["best"]["job"], found["best"]["monitor"]) == (2, "val_loss")
    assert "not the same" not in best_line(found["best"])


def test_an_accuracy_compares_whatever_the_loss_is(rows):
    found = made(rows(LOSSES, values=[0.3, 0.1, 0.2], monitor="val_accuracy"))
    assert (found["best"]["job"], found["best"]["losses"]) == (1, [])


def test_different_losses_without_a_headline_have_no_best(rows):
    assert made(rows(LOSSES, values=[0.3, 0.1, 0.2]))["best"] is None


def test_repetitions_are_compared_by_their_mean(rows):
    # The least single value belongs to the point with the larger mean.
    found = made(rows("batch_size=16,32", seeds=2, values=[0.01, 0.9, 0.2, 0.3]))
    best = found["best"]
    assert (best["job"], best["value"], best["seeds"]) == (3, 0.25, 2)
    assert found["points"][1] == {
        "point": 2,
        "overrides": ["batch_size=32"],
        "jobs": [3, 4],
        "seeds": [0, 1],
        "monitor": "val_loss",
        "best": {"mean": 0.25, "sd": pytest.approx(0.0707106781)},
        "metrics": {"accuracy": {"mean": 0.125, "sd": pytest.approx(0.0353553391)}},
    }


def test_a_point_with_a_repetition_that_failed_is_not_the_best(rows):
    found = made(rows("batch_size=16,32", seeds=2, values=[0.1, None, 0.2, 0.3]))
    assert found["best"]["job"] == 3
    assert found["points"][0]["seeds"] == [0]


def test_without_repetitions_there_are_no_points(rows):
    assert made(rows("batch_size=16,32", values=[0.1, 0.2]))["points"] is None


def test_one_value_has_no_deviation():
    assert spread([0.5]) == {"mean": 0.5, "sd": None}


@pytest.mark.parametrize("values", [[], [0.5, None], [float("nan")]])
def test_there_is_no_mean_of_what_is_not_all_there(values):
    assert spread(values) is None
