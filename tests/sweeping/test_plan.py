"""What a plan expects of time and samples."""

import pytest

from fmtool.jobs.process import TrainingCommand
from fmtool.runs.records import records
from fmtool.sweeping.plan import pace_of, plan, total_samples, total_seconds
from fmtool.sweeping.workflow import Sweep


@pytest.fixture
def planned(expanded, settings, tmp_path):
    def of(*overrides, **keys):
        own = settings(*(f"sweep.{key}={value}" for key, value in keys.items()))
        jobs = expanded(*overrides, f"runs_dir={tmp_path / 'runs'}")
        return plan(Sweep(TrainingCommand(), jobs, own))

    return of


@pytest.fixture
def leave_paced_run(expanded, leave_run, write_rows):
    """A run of cnn on digits that took 2 s beside epochs of half a second."""

    def leave(run_id, *overrides, seconds=7.0, training=5.0, hour=0):
        root = leave_run(expanded(*overrides)[0], run_id, result={"seconds": seconds}, hour=hour)
        write_rows(root / "metrics.jsonl", {"kind": "epoch", "epoch": 10, "seconds": training})
        return root

    return leave


def test_time_is_that_of_earlier_runs_of_the_model_on_the_data(planned, leave_paced_run):
    leave_paced_run("a", "seed=99")
    (each,) = planned("seed=1", "epochs=100")
    assert each.seconds == 52.0


def test_another_model_says_nothing_of_the_time(planned, leave_paced_run):
    leave_paced_run("a", "seed=99")
    (each,) = planned("model=mlp")
    assert each.seconds is None


def test_of_several_runs_the_median_counts(leave_paced_run, tmp_path):
    for hour, training in enumerate((1.0, 2.0, 30.0)):
        leave_paced_run(f"r{hour}", "seed=99", training=training, seconds=40.0, hour=hour)
    pace = pace_of(records(tmp_path / "runs"), "cnn", "digits")
    assert (pace.epoch, pace.outside) == (0.2, 38.0)


@pytest.mark.parametrize(
    ("overrides", "samples"),
    [
        (["epochs=2"], 2 * 1298),
        (["epochs=2", "data.limit=100"], 2 * 90),
        (["epochs=2", "data.fraction=0.5", "data.validation_fraction=0"], 2 * 721),
    ],
)
def test_samples_of_a_set_of_known_size(planned, overrides, samples):
    (each,) = planned(*overrides)
    assert each.samples == samples


def test_of_data_that_only_their_files_know_the_samples_are_not_known(planned):
    (each,) = planned("data=arrays", "model=mlp", "data.path=a.npz")
    assert each.samples is None


def test_a_run_that_was_interrupted_has_the_rest_to_do(planned, expanded, leave_run):
    changes = {"status": "interrupted", "exit_code": 143, "epochs": 4}
    leave_run(expanded("seed=1")[0], "a", result=changes)
    (each,) = planned("seed=1", "epochs=10")
    assert (each.state, each.epochs, each.run) == ("to resume", 6, "a")


def test_what_will_not_be_done_again_takes_no_time(planned, expanded, leave_run):
    changes = {"status": "diverged", "exit_code": 5, "best": None, "epochs": 1}
    leave_run(expanded("seed=1")[0], "a", result=changes)
    (each,) = planned("seed=1")
    assert (each.state, each.epochs, each.seconds) == ("diverged", 0, 0.0)
    (again,) = planned("seed=1", retry="all")
    assert again.epochs > 0


def test_the_whole_takes_as_long_as_its_parts_side_by_side(planned, leave_paced_run):
    leave_paced_run("a", "seed=99")
    each = planned("seed=1,2,2", "epochs=2")
    assert (total_seconds(each, 1), total_seconds(each, 2)) == (6.0, 3.0)
    assert total_samples(each) == 4 * 1298


def test_without_the_time_of_one_there_is_none_of_the_whole(planned, leave_paced_run):
    leave_paced_run("a", "seed=99")
    assert total_seconds(planned("model=cnn,mlp"), 1) is None
