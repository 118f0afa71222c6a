"""What earlier runs ended with, and which of it is done again."""

import fcntl

import pytest

from fmtool.sweeping.earlier import earlier


@pytest.fixture
def look(expanded, tmp_path):
    """What is known of the first job of a line."""

    def known(*overrides, stored=None):
        (job, *_) = expanded(*overrides)
        return earlier([job], tmp_path / "runs", stored or {}).get(1)

    return known


def interrupted(code=143, epochs=3):
    return {"status": "interrupted", "exit_code": code, "epochs": epochs}


def diverged():
    return {"status": "diverged", "exit_code": 5, "best": None, "epochs": 1}


def failed():
    return {"status": "failed", "exit_code": 1, "epochs": 1}


def test_a_job_that_was_never_begun_is_not_known(look):
    assert look("seed=1") is None


def test_a_complete_run_is_done_and_its_process_says_so(expanded, leave_run, look):
    leave_run(expanded("seed=1")[0], "a", result={})
    found = look("seed=1")
    assert (found.state, found.result["run"], found.epochs) == ("done", "a", 10)
    assert not any(found.is_final(retry) for retry in ("none", "failed", "all"))


def test_the_newest_run_of_a_request_counts(expanded, leave_run, look):
    job = expanded("seed=1")[0]
    leave_run(job, "a", result=diverged(), hour=2)
    leave_run(job, "b", result={}, hour=1)
    assert look("seed=1").result["run"] == "a"


def test_a_complete_run_goes_on_where_more_epochs_are_asked_for(expanded, leave_run, look):
    leave_run(expanded("seed=1")[0], "a", result={})
    assert look("seed=1", "epochs=11").state == "to resume"


def test_a_run_that_stopped_early_is_done(expanded, leave_run, look):
    leave_run(expanded("seed=1")[0], "a", result={"epochs": 4})
    assert look("seed=1", "epochs=20").state == "done"


@pytest.mark.parametrize(
    ("result", "state", "done_again"),
    [
        (interrupted(), "to resume", ["failed", "all"]),
        (interrupted(124), "to resume", ["failed", "all"]),
        (None, "to resume", ["failed", "all"]),
        (failed(), "failed", ["failed", "all"]),
        (diverged(), "diverged", ["all"]),
    ],
)
def test_how_a_run_ended_says_what_is_done_again(
    expanded, leave_run, look, result, state, done_again
):
    leave_run(expanded("seed=1")[0], "a", result=result)
    found = look("seed=1")
    assert found.state == state
    assert [r for r in ("none", "failed", "all") if not found.is_final(r)] == done_again


def test_a_killed_run_has_the_epochs_of_its_metrics(expanded, leave_run, look, write_rows):
    root = leave_run(expanded("seed=1")[0], "a")
    write_rows(root / "metrics.jsonl", {"kind": "epoch", "epoch": 3}, {"kind": "step", "epoch": 4})
    found = look("seed=1")
    assert (found.result["status"], found.result["exit_code"], found.epochs) == ("killed", 137, 3)


def test_a_run_that_is_being_written_is_left_to_its_process(expanded, leave_run, look):
    root = leave_run(expanded("seed=1")[0], "a")
    with (root / "run.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = look("seed=1")
    assert found.state == "running"
    assert not found.is_final("none")


def test_a_failure_that_left_no_run_is_known_from_the_document(look):
    stored = {1: {"status": "failed", "exit_code": 2, "error": {"message": "no"}}}
    found = look("seed=1", stored=stored)
    assert (found.state, found.result["exit_code"], found.record) == ("failed", 2, None)
    assert [found.is_final(retry) for retry in ("none", "failed")] == [True, False]


def test_what_had_not_started_is_not_known(look):
    assert look("seed=1", stored={1: {"status": "not_started", "exit_code": None}}) is None


def test_a_line_that_begins_afresh_knows_nothing(expanded, leave_run, look):
    leave_run(expanded("seed=1")[0], "a", result={})
    assert look("seed=1", "resume=null") is None


def test_a_run_on_other_files_is_not_taken_for_it(expanded, leave_run, look):
    line = ("data=arrays", "model=mlp", "seed=1")
    leave_run(expanded(*line, "data.path=a.npz")[0], "a", result=diverged())
    assert look(*line, "data.path=a.npz").state == "diverged"
    assert look(*line, "data.path=b.npz") is None


def test_jobs_that_differ_in_epochs_have_runs_of_their_own(expanded, leave_run, tmp_path):
    _, two = jobs = expanded("epochs=1,2")
    leave_run(two, "b", result={"epochs": 2})
    assert [*earlier(jobs, tmp_path / "runs", {})] == [two.number]
