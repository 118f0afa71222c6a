"""`train -m`: every job is checked first, all of them run, one document tells how each ended."""

import csv
import json

import pytest


def test_a_failed_job_makes_the_sweep_3_and_the_others_run(swept):
    _, outcome = swept
    assert outcome.code == outcome.json["exit_code"] == 3
    assert [run["exit_code"] for run in outcome.json["runs"]] == [2, 0]


def test_the_object_has_one_entry_a_job_in_their_order(swept):
    _, outcome = swept
    overrides = [run["overrides"] for run in outcome.json["runs"]]
    assert overrides == [["data.limit=1"], ["data.limit=null"]]
    assert outcome.json["runs"][0]["error"]["message"] == (
        "data.validation_fraction=0.1 of 1 sample leaves none to validate on; fix: raise "
        "data.validation_fraction, data.limit or data.fraction, or set data.validation_fraction=0"
    )
    assert 0 <= outcome.json["runs"][1]["metrics"]["accuracy"] <= 1


def test_the_sweep_is_stored_beside_the_runs(swept):
    command, outcome = swept
    (stored,) = command.folder.glob("runs/sweeps/*/sweep.json")
    assert json.loads(stored.read_text()) == outcome.json
    assert stored.parent.name == outcome.json["sweep"]


def test_the_table_has_a_line_for_each_job(swept):
    command, outcome = swept
    (stored,) = command.folder.glob("runs/sweeps/*/sweep.csv")
    failed, completed = csv.DictReader(stored.open())
    assert (failed["data.limit"], failed["status"], failed["run"]) == ("1", "failed", "")
    run = outcome.json["runs"][1]
    assert completed["run"] == run["run"]
    assert float(completed["test_accuracy"]) == run["metrics"]["accuracy"]
    assert float(completed["best"]) == run["best"]["value"]


def test_last_skips_the_runs_of_a_sweep(swept, call):
    command, _ = swept
    outcome = call("runs", "show", "last", f"runs_dir={command.folder / 'runs'}")
    assert outcome.code == 2
    assert "are all of a sweep or a study, which it skips" in outcome.error


def test_each_run_knows_its_sweep_and_its_name(swept):
    command, outcome = swept
    (run,) = command.runs
    assert json.loads((run / "manifest.json").read_text())["extra"] == {
        "sweep": outcome.json["sweep"]
    }
    assert "name: a,b" in (run / "config.yaml").read_text()


def test_the_beginning_and_the_end_of_each_job_are_a_line_on_stderr(swept):
    lines = [line for line in swept[1].err.splitlines() if line.startswith("job ")]
    assert lines[0] == "job 1/2  data.limit=1"
    assert lines[1].startswith("job 1/2  failed (2)  data.validation_fraction=0.1 of 1 sample")
    assert lines[2] == "job 2/2  data.limit=null"
    assert lines[3].startswith("job 2/2  completed  val_loss ")


def test_a_failure_is_listed_at_the_end_with_its_log(swept):
    command, outcome = swept
    (failure,) = [line for line in outcome.err.splitlines() if line.startswith("job 1 failed (2)")]
    assert outcome.err.endswith(f"{failure}\n")
    log = command.folder / failure.rpartition("log ")[2]
    assert log.read_text().startswith("error: data.validation_fraction=0.1 of 1 sample")


def test_what_a_training_says_is_in_its_log(swept):
    command, outcome = swept
    log = command.folder / outcome.json["runs"][1]["log"]
    assert "train cnn on digits" in log.read_text()
    assert "train cnn on digits" not in outcome.err


def test_an_invalid_last_job_keeps_the_first_from_starting(fmtool):
    outcome = fmtool("train", "-m", "model=mlp,cnn", "model.units=[8],[0]")
    assert (outcome.code, outcome.out, fmtool.files()) == (2, "", set())
    assert "model.units.1" not in outcome.error
    assert outcome.error.startswith("error: ")


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (
            ["-m", "seed=0,1", "resume=last"],
            "a sweep cannot go on with one run; fix: write resume=auto, or leave out -m",
        ),
        (
            ["-m", "seed=0,1", "dry_run=true"],
            "dry_run=true cannot be swept; fix: leave out -m or dry_run",
        ),
        (
            ["sweep.jobs=2"],
            "sweep.jobs=2 is for sweeps, and this is one training; fix: add -m, or leave it out",
        ),
        (
            ["seeds=3"],
            "seeds=3 is for sweeps, and this is one training; fix: add -m, or leave it out",
        ),
        (["-m", "seeds=0"], "seeds=0 is not accepted; fix: give a value greater than 0"),
        (["-m", "sweep.jobz=2"], "unknown key 'sweep.jobz'; fix: did you mean 'sweep.jobs'?"),
        (
            ["-m", "sweep.retry=never"],
            "sweep.retry=never is not accepted; fix: give 'none', 'failed' or 'all'",
        ),
        (
            ["-m", "sweep.shard=9/8"],
            "sweep.shard: 9/8 is no part of a sweep; fix: give 1/8 to 8/8, with any number of "
            "parts",
        ),
        (
            ["-m", "sweep.timeout=soon"],
            "sweep.timeout: soon is no duration between 0 and a year; fix: give seconds, or a "
            "number with s, m or h, as in 90, 30s, 10m or 2h",
        ),
    ],
    ids=" ".join,
)
def test_a_mistake_about_the_sweep_is_a_line(call, fmtool, argv, error):
    outcome = call("train", *argv)
    assert (outcome.code, outcome.error) == (2, f"error: {error}")
    assert fmtool.files() == set()


def test_a_value_for_jobs_that_cannot_be_is_refused_before_the_first_starts(call, fmtool):
    outcome = call("train", "-m", "seed=4294967295", "seeds=2")
    assert outcome.code == 2
    assert outcome.error.startswith("error: seed=4294967296 is not accepted")
    assert fmtool.files() == set()


def test_a_part_of_a_sweep_that_has_no_job_does_nothing(call):
    outcome = call("train", "-m", "seed=0,1", "sweep.shard=3/3", "--json")
    assert outcome.code == 0
    assert (outcome.json["runs"], outcome.json["shard"]) == ([], "3/3")


def test_a_sweep_that_another_process_does_is_busy(call, fmtool, expanded_digest):
    from fmtool.runs.lock import DigestLock

    lock = DigestLock(fmtool.folder / "runs", expanded_digest("seed=0,1"), what="sweep")
    outcome = call("train", "-m", "seed=0,1")
    lock.release()
    assert outcome.code == 75
    assert outcome.error.startswith("error: the same sweep is being done in runs by process ")


@pytest.fixture
def expanded_digest():
    """The digest of the sweep that a line stands for."""
    from fmtool.jobs.process import TrainingCommand
    from fmtool.sweeping.jobs import jobs_of, sweep_digest

    return lambda *overrides: sweep_digest(jobs_of(TrainingCommand(), overrides, seeds=None), None)
