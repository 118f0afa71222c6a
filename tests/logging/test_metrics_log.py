"""metrics.jsonl and history.csv: what is in them, and what happens when they exist already."""

import csv
import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from fmtool.errors import DataError
from fmtool.logging.metrics_log import MetricsLog
from fmtool.logging.rows import metrics_of, with_names_of_today


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "metrics.jsonl", tmp_path / "history.csv"


@pytest.fixture
def start(paths, plan):
    """Opens the files for a training that goes on after `step`, at the start by default."""

    def start_after(step=0, files=paths):
        log = MetricsLog(*files)
        log.start(replace(plan, step=step, epochs_done=step // plan.steps_per_epoch))
        return log

    return start_after


def strict_rows(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]


def test_every_row_is_a_line_of_jsonl(paths, start, step_row, epoch_row):
    log = start()
    rows = [step_row(50), step_row(100), epoch_row(1, loss=0.5, val_loss=0.25)]
    log.step(rows[0])
    log.step(rows[1])
    log.epoch(rows[2])
    log.close()
    assert strict_rows(paths[0]) == rows


def test_a_row_is_on_disk_when_the_call_returns(paths, start, step_row):
    log = start()
    log.step(step_row(1))
    assert strict_rows(paths[0]) == [step_row(1)]


def test_values_that_are_not_finite_become_null_and_are_named(paths, start, step_row):
    start().step(step_row(1, loss=math.nan, accuracy=0.5, penalty=-math.inf))
    (row,) = strict_rows(paths[0])
    assert (row["loss"], row["penalty"], row["accuracy"]) == (None, None, 0.5)
    assert row["non_finite"] == ["loss", "penalty"]


def test_the_history_of_an_earlier_release_goes_on_under_its_own_heading(paths, start, epoch_row):
    heading = "epoch,step,seconds,learning_rate,images_per_second,loss\n"
    paths[1].write_text(f"{heading}1,100,1.0,0.1,50.0,2.0\n")
    start(step=100).epoch(epoch_row(2, loss=0.5))
    assert paths[1].read_text().splitlines()[1:] == [
        "1,100,1.0,0.1,50.0,2.0", "2,200,20.0,0.001,6420.6,0.5"
    ]  # fmt: skip


def test_a_row_of_an_earlier_release_is_read_under_the_names_of_today():
    assert with_names_of_today({"epoch": 1, "images_per_second": 2.0, "loss": 0.5}) == {
        "epoch": 1, "samples_per_second": 2.0, "loss": 0.5,
    }  # fmt: skip
    assert metrics_of({"kind": "epoch", "images_per_second": 2.0, "loss": 0.5}) == {"loss": 0.5}


def test_history_holds_epochs_only_with_the_columns_of_the_first(paths, start, step_row, epoch_row):
    log = start()
    log.step(step_row(50))
    log.epoch(epoch_row(1, loss=0.5, accuracy=0.75))
    log.epoch(epoch_row(2, accuracy=0.8, loss=math.nan, late=1.0))
    assert paths[1].read_text() == (
        "epoch,step,seconds,learning_rate,samples_per_second,loss,accuracy\n"
        "1,100,10.0,0.001,6420.6,0.5,0.75\n"
        "2,200,20.0,0.001,6420.6,nan,0.8\n"
    )


def test_a_metric_missing_from_an_epoch_leaves_its_cell_empty(paths, start, epoch_row):
    log = start()
    log.epoch(epoch_row(1, loss=0.5, val_loss=0.5))
    log.epoch(epoch_row(2, loss=0.5))
    assert list(csv.reader(paths[1].open()))[2][-2:] == ["0.5", ""]


def test_a_resumed_run_reads_like_one_that_was_never_interrupted(paths, start, step_row, epoch_row):
    killed = start()
    killed.step(step_row(100))
    killed.epoch(epoch_row(1, loss=0.5))
    killed.step(step_row(150))
    killed.step(step_row(200))
    killed.epoch(epoch_row(2, loss=9.0))

    resumed = start(100)
    resumed.step(step_row(150))
    resumed.step(step_row(200))
    resumed.epoch(epoch_row(2, loss=0.4))

    rows = strict_rows(paths[0])
    assert [(row["kind"], row["step"]) for row in rows] == [
        ("step", 100), ("epoch", 100), ("step", 150), ("step", 200), ("epoch", 200),
    ]  # fmt: skip
    assert rows[-1]["loss"] == 0.4
    assert [line.split(",")[0] for line in paths[1].read_text().splitlines()] == ["epoch", "1", "2"]


def test_within_an_epoch_the_row_of_the_step_it_goes_on_from_stays(paths, start, step_row):
    log = start()
    for step in (100, 150, 200):
        log.step(step_row(step))
    start(150)
    assert [row["step"] for row in strict_rows(paths[0])] == [100, 150]


def test_going_back_to_a_checkpoint_cuts_off_what_is_past_it(paths, start, plan, epoch_row):
    log = start()
    for epoch in (1, 2, 3):
        log.epoch(epoch_row(epoch))
    log.start(replace(plan, step=100, epochs_done=1))
    assert [row["epoch"] for row in strict_rows(paths[0])] == [1]
    log.epoch(epoch_row(2))
    assert [row["epoch"] for row in strict_rows(paths[0])] == [1, 2]
    assert [line.split(",")[0] for line in paths[1].read_text().splitlines()] == ["epoch", "1", "2"]


def test_closing_before_training_started_leaves_the_rows_of_the_earlier_part(
    paths, start, epoch_row
):
    start().epoch(epoch_row(1))
    MetricsLog(*paths).close()
    assert strict_rows(paths[0]) == [epoch_row(1)]


def test_a_line_torn_by_a_kill_is_dropped(paths, start, step_row, epoch_row):
    log = start()
    log.epoch(epoch_row(1))
    for path in paths:
        with path.open("a") as file:
            file.write(path.read_text().splitlines()[-1][:7])
    start(100).epoch(epoch_row(2))
    assert [row["epoch"] for row in strict_rows(paths[0])] == [1, 2]
    assert len(paths[1].read_text().splitlines()) == 3


def test_part_of_a_line_that_a_failed_write_left_behind_is_cut_off(paths, start, epoch_row):
    log = start()
    log.epoch(epoch_row(1))
    for path in paths:
        with path.open("a") as file:
            file.write(path.read_text().splitlines()[-1][:7])
    log.epoch(epoch_row(2))
    assert strict_rows(paths[0]) == [epoch_row(1), epoch_row(2)]
    assert [line.split(",")[0] for line in paths[1].read_text().splitlines()] == ["epoch", "1", "2"]


def test_a_line_that_is_no_row_is_bad_data_with_its_number(paths, start, step_row):
    paths[0].write_text(json.dumps(step_row(1)) + "\n[]\n")
    with pytest.raises(DataError, match=r"metrics\.jsonl: line 2 is not a row"):
        start(100)


def test_what_is_cut_off_may_hold_no_line_that_is_no_row_either(paths, start, step_row):
    paths[0].write_text(json.dumps(step_row(9)) + "\n[]\n")
    with pytest.raises(DataError, match="line 2 is not a row"):
        start()


@pytest.fixture
def gone(tmp_path):
    """A folder that is not there, as after a network disk was lost."""
    return tmp_path / "gone"


@pytest.fixture
def waiting_log(gone, start):
    return start(files=(gone / "metrics.jsonl", gone / "history.csv"))


def test_a_failing_write_is_one_warning_with_path_and_reason(
    waiting_log, gone, step_row, epoch_row, capsys
):
    waiting_log.step(step_row(1))
    waiting_log.epoch(epoch_row(1))
    assert capsys.readouterr().err == (
        f"warning: cannot write {gone}/metrics.jsonl: No such file or directory; "
        "training goes on and its rows wait until they can be written\n"
    )


def test_rows_that_could_not_be_written_follow_in_order_with_the_next_row(
    waiting_log, gone, step_row, epoch_row, capsys
):
    waiting_log.step(step_row(100))
    waiting_log.epoch(epoch_row(1))
    gone.mkdir()
    waiting_log.step(step_row(150))
    assert strict_rows(gone / "metrics.jsonl") == [step_row(100), epoch_row(1), step_row(150)]
    assert [row["epoch"] for row in csv.DictReader((gone / "history.csv").open())] == ["1"]
    capsys.readouterr()
    waiting_log.close()
    assert capsys.readouterr().err == ""


def test_closing_writes_what_waits(waiting_log, gone, epoch_row):
    waiting_log.epoch(epoch_row(1))
    gone.mkdir()
    waiting_log.close()
    assert strict_rows(gone / "metrics.jsonl") == [epoch_row(1)]


def test_rows_that_were_never_written_are_counted_at_the_end(
    waiting_log, gone, step_row, epoch_row, capsys
):
    waiting_log.step(step_row(100))
    waiting_log.epoch(epoch_row(1))
    capsys.readouterr()
    waiting_log.close()
    assert capsys.readouterr().err == (
        "warning: rows that could not be written: "
        f"2 of {gone}/metrics.jsonl, 1 of {gone}/history.csv\n"
    )


def test_a_resumed_file_that_cannot_be_cut_at_the_start_is_cut_later(paths, start, step_row):
    log = start()
    for row in (step_row(100), step_row(150), step_row(200)):
        log.step(row)
    away = paths[0].rename(paths[0].with_name("away"))
    paths[0].mkdir()
    resumed = start(100)
    resumed.step(step_row(150))
    paths[0].rmdir()
    away.rename(paths[0])
    resumed.step(step_row(200))
    assert strict_rows(paths[0]) == [step_row(100), step_row(150), step_row(200)]


def test_rows_that_wait_are_forgotten_too_where_training_goes_back(
    waiting_log, gone, plan, epoch_row
):
    for epoch in (1, 2, 3):
        waiting_log.epoch(epoch_row(epoch))
    waiting_log.start(replace(plan, step=100, epochs_done=1))
    gone.mkdir()
    waiting_log.epoch(epoch_row(2))
    assert [row["epoch"] for row in strict_rows(gone / "metrics.jsonl")] == [1, 2]


def test_a_full_disk_leaves_whole_lines_only(paths):
    script = """
import resource, sys
from pathlib import Path
from types import SimpleNamespace
from fmtool.logging.metrics_log import MetricsLog
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000))
log = MetricsLog(Path(sys.argv[1]), Path(sys.argv[2]))
log.start(SimpleNamespace(step=0, epochs_done=0, steps_per_epoch=99))
def write(*steps):
    for step in steps:
        log.step({"kind": "step", "epoch": 1, "step": step, "loss": 0.5})
write(*range(1, 30))
print(Path(sys.argv[1]).read_text(), end="---")
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
write(30)
log.close()
"""
    finished = subprocess.run(
        [sys.executable, "-c", script, *map(str, paths)], capture_output=True, text=True, check=True
    )
    in_between = [json.loads(line)["step"] for line in finished.stdout.split("---")[0].splitlines()]
    assert in_between == list(range(1, len(in_between) + 1))
    assert 10 < len(in_between) < 29
    assert [row["step"] for row in strict_rows(paths[0])] == list(range(1, 31))
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"warning: cannot write {paths[0]}: File too large; ")
