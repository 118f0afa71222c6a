"""What people see of a sweep while it runs."""

import io
import re
from types import SimpleNamespace

import pytest
from rich.console import Console

from fmtool.runs.layout import RunPaths
from fmtool.sweeping.display import Board, Lines, progress, view_for
from fmtool.sweeping.metrics_tail import last_epoch

ROW = {"kind": "epoch", "epoch": 3, "step": 60, "seconds": 1.5, "loss": 0.7, "val_loss": 0.5}


@pytest.fixture
def running(tmp_path):
    """A job at work, with a run or without."""

    def at_work(job, *, has_run=True):
        process = SimpleNamespace(run_directory=tmp_path if has_run else None)
        return SimpleNamespace(job=job, process=process, seconds=12.4)

    return at_work


def board(jobs, height=40):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, height=height)
    return Board(console, jobs), stream


def last_picture(stream):
    """The lines of the table as it was drawn last, without terminal codes."""
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    return text.rpartition("job")[2].splitlines()


def test_the_last_epoch_is_read_while_the_file_is_being_written(tmp_path, write_rows):
    path = tmp_path / "metrics.jsonl"
    write_rows(path, {"kind": "epoch", "epoch": 2}, ROW, {"kind": "step", "epoch": 4})
    with path.open("a") as file:
        file.write('{"kind": "epoch", "ep')
    assert last_epoch(path) == ROW


def test_a_tail_that_begins_within_a_line_is_read_all_the_same(tmp_path, write_rows):
    path = tmp_path / "metrics.jsonl"
    write_rows(path, {"kind": "step", "text": "x" * 9000}, ROW)
    assert last_epoch(path) == ROW


def test_before_the_first_epoch_there_is_none(tmp_path, write_rows):
    path = tmp_path / "metrics.jsonl"
    assert last_epoch(path) is None
    write_rows(path, {"kind": "step", "epoch": 1})
    assert last_epoch(path) is None


@pytest.mark.parametrize(
    ("monitor", "figure"),
    [("auto", "val_loss 0.5000"), ("loss", "loss 0.7000"), ("val_accuracy", "")],
)
def test_a_training_shows_its_epoch_and_what_is_monitored(
    expanded, running, tmp_path, write_rows, monitor, figure
):
    write_rows(RunPaths(tmp_path).metrics, ROW)
    (job,) = expanded("epochs=8", f"monitor={monitor}")
    assert progress(running(job)) == ["running", "3/8", figure, "12"]


def test_a_training_that_has_no_run_yet_starts(expanded, running):
    (job,) = expanded("epochs=8")
    assert progress(running(job, has_run=False)) == ["starts", "0/8", "", "12"]


def test_the_table_shows_every_job_and_how_many_are_left(expanded, running, result_of, tmp_path):
    jobs = expanded("seed=0,1,2", "epochs=8")
    view, stream = board(jobs)
    view.start(jobs[0], 1)
    view.end(jobs[0], result_of("a", seconds=5.0), is_again=False)
    view.start(jobs[1], 1)
    view.refresh([running(jobs[1], has_run=False)])
    lines = "\n".join(last_picture(stream))
    view.close()
    assert re.search(r"1 +seed=0 +completed +10 +val_loss 0.4000 +5.0", lines)
    assert re.search(r"2 +seed=1 +starts +0/8 +12", lines)
    assert "1 running, 1 ended, 1 waiting" in lines


def test_a_failure_shows_its_exit_code(expanded):
    jobs = expanded("seed=0,1")
    view, stream = board(jobs)
    view.end(jobs[0], {"status": "killed", "exit_code": 137}, is_again=False)
    view.skip(jobs[1], {"status": "diverged", "exit_code": 5})
    view.refresh([])
    view.close()
    lines = "\n".join(last_picture(stream))
    assert "killed (137)" in lines
    assert "diverged (5) before" in lines


def test_nothing_is_drawn_of_a_sweep_that_begins_nothing(expanded):
    view, stream = board(expanded("seed=1"))
    view.close()
    assert stream.getvalue() == ""


def test_on_a_small_terminal_what_runs_is_shown_first(expanded, running, result_of):
    jobs = expanded("seed=range(0,7)")
    view, stream = board(jobs, height=9)
    for job in jobs[:4]:
        view.end(job, result_of("a"), is_again=False)
    view.refresh([running(jobs[4], has_run=False)])
    shown = re.findall(r"seed=(\d)", "\n".join(last_picture(stream)))
    view.close()
    assert shown == ["3", "4", "5"]


def test_into_a_log_there_is_a_line_for_each_start_and_end(expanded, result_of, capsys):
    job, _ = expanded("seed=1,2")
    view = Lines(12)
    view.start(job, 1)
    view.end(job, {"status": "failed", "exit_code": 1, "error": {"message": "no"}}, is_again=True)
    view.start(job, 2)
    view.end(job, result_of("a", seconds=5.0), is_again=False)
    view.skip(job, {"status": "diverged", "exit_code": 5})
    assert capsys.readouterr().err.splitlines() == [
        "job 1/12  seed=1",
        "job 1/12  failed (1)  no  will be tried again",
        "job 1/12  seed=1  attempt 2",
        "job 1/12  completed  val_loss 0.4000  5.0 s",
        "job 1/12  diverged (5) before, not done again; see sweep.retry",
    ]


def test_the_table_is_for_terminals(expanded):
    assert isinstance(view_for(io.StringIO(), expanded("seed=1"), total=1), Lines)
