"""metrics.jsonl and history.csv: what is in them, and what happens when they exist already."""

import csv
import json
import math
import subprocess
import sys

import pytest

from fmtool.errors import DataError, WriteFailed
from fmtool.logging.metrics_log import MetricsLog


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "metrics.jsonl", tmp_path / "history.csv"


def strict_rows(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text().splitlines()]


def test_every_row_is_a_line_of_jsonl(paths, plan, step_row, epoch_row):
    log = MetricsLog(*paths)
    log.start(plan)
    rows = [step_row(50), step_row(100), epoch_row(1, loss=0.5, val_loss=0.25)]
    log.step(rows[0])
    log.step(rows[1])
    log.epoch(rows[2])
    log.close()
    assert strict_rows(paths[0]) == rows


def test_a_row_is_on_disk_when_the_call_returns(paths, step_row):
    log = MetricsLog(*paths)
    log.step(step_row(1))
    assert strict_rows(paths[0]) == [step_row(1)]


def test_values_that_are_not_finite_become_null_and_are_named(paths, step_row):
    MetricsLog(*paths).step(step_row(1, loss=math.nan, accuracy=0.5, penalty=-math.inf))
    (row,) = strict_rows(paths[0])
    assert (row["loss"], row["penalty"], row["accuracy"]) == (None, None, 0.5)
    assert row["non_finite"] == ["loss", "penalty"]


def test_history_holds_epochs_only_with_the_columns_of_the_first(paths, step_row, epoch_row):
    log = MetricsLog(*paths)
    log.step(step_row(50))
    log.epoch(epoch_row(1, loss=0.5, accuracy=0.75))
    log.epoch(epoch_row(2, accuracy=0.8, loss=math.nan, late=1.0))
    assert paths[1].read_text() == (
        "epoch,step,seconds,learning_rate,images_per_second,loss,accuracy\n"
        "1,100,10.0,0.001,6420.6,0.5,0.75\n"
        "2,200,20.0,0.001,6420.6,nan,0.8\n"
    )


def test_a_metric_missing_from_an_epoch_leaves_its_cell_empty(paths, epoch_row):
    log = MetricsLog(*paths)
    log.epoch(epoch_row(1, loss=0.5, val_loss=0.5))
    log.epoch(epoch_row(2, loss=0.5))
    assert list(csv.reader(paths[1].open()))[2][-2:] == ["0.5", ""]


def test_a_resumed_run_reads_like_one_that_was_never_interrupted(paths, step_row, epoch_row):
    killed = MetricsLog(*paths)
    killed.step(step_row(100))
    killed.epoch(epoch_row(1, loss=0.5))
    killed.step(step_row(150))
    killed.step(step_row(200))
    killed.epoch(epoch_row(2, loss=9.0))

    resumed = MetricsLog(*paths)
    resumed.step(step_row(150))
    resumed.step(step_row(200))
    resumed.epoch(epoch_row(2, loss=0.4))

    rows = strict_rows(paths[0])
    assert [(row["kind"], row["step"]) for row in rows] == [
        ("step", 100), ("epoch", 100), ("step", 150), ("step", 200), ("epoch", 200),
    ]  # fmt: skip
    assert rows[-1]["loss"] == 0.4
    assert [line.split(",")[0] for line in paths[1].read_text().splitlines()] == ["epoch", "1", "2"]


def test_a_step_row_of_the_same_step_stays_when_an_epoch_row_follows_it(paths, step_row, epoch_row):
    MetricsLog(*paths).step(step_row(100))
    MetricsLog(*paths).epoch(epoch_row(1))
    assert [row["kind"] for row in strict_rows(paths[0])] == ["step", "epoch"]


def test_a_line_torn_by_a_kill_is_dropped(paths, step_row, epoch_row):
    log = MetricsLog(*paths)
    log.epoch(epoch_row(1))
    for path in paths:
        with path.open("a") as file:
            file.write(path.read_text().splitlines()[-1][:7])
    MetricsLog(*paths).epoch(epoch_row(2))
    assert [row["epoch"] for row in strict_rows(paths[0])] == [1, 2]
    assert len(paths[1].read_text().splitlines()) == 3


def test_a_line_that_is_no_row_is_bad_data_with_its_number(paths, step_row):
    paths[0].write_text(json.dumps(step_row(1)) + "\n[]\n")
    with pytest.raises(DataError, match=r"metrics\.jsonl: line 2 is not a row"):
        MetricsLog(*paths).step(step_row(2))


def test_an_unwritable_file_is_named_with_the_reason(tmp_path, step_row):
    log = MetricsLog(tmp_path / "gone" / "metrics.jsonl", tmp_path / "history.csv")
    with pytest.raises(WriteFailed, match=r"gone/metrics\.jsonl: No such file or directory"):
        log.step(step_row(1))


def test_a_full_disk_ends_as_a_failed_write_and_keeps_the_earlier_rows(paths):
    script = """
import resource, sys
from pathlib import Path
from fmtool.errors import WriteFailed
from fmtool.logging.metrics_log import MetricsLog
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
log = MetricsLog(Path(sys.argv[1]), Path(sys.argv[2]))
try:
    for step in range(1, 100):
        log.step({"kind": "step", "epoch": 1, "step": step, "loss": 0.5})
except WriteFailed as error:
    sys.exit(error.exit_code)
"""
    finished = subprocess.run([sys.executable, "-c", script, *map(str, paths)])
    assert finished.returncode == 74
    *complete, _torn = paths[0].read_text().split("\n")
    assert [json.loads(line)["step"] for line in complete] == list(range(1, len(complete) + 1))
