"""Tables, lines and pictures of a sweep that has ended."""

import csv
import io
from pathlib import Path

import pytest

from fmtool.cli import output
from fmtool.runs.layout import SweepPaths
from fmtool.sweeping import pictures
from fmtool.sweeping.document import document, rows_of
from fmtool.sweeping.table import csv_text, failure_lines, tables

FAILED = {"status": "failed", "exit_code": 2, "error": {"message": "no data; fix: give some"}}


@pytest.fixture
def swept_jobs(expanded, result_of, tmp_path):
    """Jobs, and the document with the results given for them."""

    def make(*overrides, results, seeds=None):
        jobs = expanded(*overrides, seeds=seeds)
        found = {
            job.number: result if "exit_code" in result else result_of(f"r{job.number}", **result)
            for job, result in zip(jobs, results, strict=True)
        }
        paths = SweepPaths(tmp_path)
        rows = rows_of(jobs, found, paths)
        return jobs, document(paths, rows, digest="d", shard=None, exit_code=0)

    return make


def best(value):
    return {"best": {"epoch": 1, "step": 1, "monitor": "val_loss", "value": value}}


def printed(made, capsys):
    output.print_tables(*tables(made))
    return capsys.readouterr().out


def test_a_spreadsheet_has_a_column_for_each_key_that_varies(swept_jobs):
    line = ("model=mlp", "model.units=[8],[8,16]", "seed=3,4")
    jobs, made = swept_jobs(*line, results=[{}, {}, FAILED, {}])
    rows = list(csv.DictReader(io.StringIO(csv_text(jobs, made))))
    assert [row["model.units"] for row in rows] == ["[8]", "[8]", "[8,16]", "[8,16]"]
    assert [row["seed"] for row in rows] == ["3", "4", "3", "4"]
    assert list(rows[0]) == [
        "job", "model.units", "seed", "status", "exit_code", "monitor", "best", "test_loss",
        "test_accuracy", "epochs", "seconds", "run",
    ]  # fmt: skip
    assert (rows[2]["status"], rows[2]["exit_code"], rows[2]["run"]) == ("failed", "2", "")


def test_no_cell_can_be_taken_for_a_formula(swept_jobs):
    failed = {"status": "failed", "exit_code": 2, "run": "=cmd()"}
    jobs, made = swept_jobs("seed=1", results=[failed])
    assert csv_text(jobs, made).splitlines()[1].endswith(",'=cmd()")


def test_the_table_has_a_row_for_each_job_and_names_the_best(swept_jobs, capsys):
    _, made = swept_jobs("seed=0,1,2", results=[best(0.3), best(0.1), FAILED])
    lines = printed(made, capsys).splitlines()
    assert any("seed=1" in line and "0.1000" in line and "r2" in line for line in lines)
    assert any("seed=2" in line and "failed" in line and "no data" in line for line in lines)
    assert "best val_loss 0.1000  job 2  seed=1" in lines


def test_repetitions_are_shown_by_mean_and_deviation(swept_jobs, capsys):
    line = ("batch_size=32,64",)
    results = [best(0.2), best(0.4), best(0.9), FAILED]
    _, made = swept_jobs(*line, seeds=2, results=results)
    shown = [line.split() for line in printed(made, capsys).splitlines() if " of 2 " in line]
    assert shown[0][:7] == ["batch_size=32", "2", "of", "2", "0.3000", "±", "0.1414"]
    assert "best val_loss 0.3000 as the mean of 2 seeds  job 1  batch_size=32 seed=0" in printed(
        made, capsys
    )
    assert shown[1][:5] == ["batch_size=64", "1", "of", "2", "0.9000"]


def test_brackets_of_an_override_are_no_markup(swept_jobs, capsys):
    _, made = swept_jobs("model=mlp", "model.units=[8],[16]", results=[best(0.3), best(0.1)])
    assert "job 2  model.units=[16]" in printed(made, capsys)


def test_a_failure_is_told_with_its_run_and_its_log(swept_jobs):
    killed = {"status": "killed", "exit_code": 137, "run": "r", "error": {"message": "gone"}}
    _, made = swept_jobs("seed=0,1", results=[killed, {}])
    made["runs"][0]["log"] = "jobs/01/log.txt"
    assert failure_lines(made["runs"]) == [
        "job 1 killed (137)  seed=0  gone  run r  log jobs/01/log.txt"
    ]


def drawn(swept_jobs, tmp_path, *line, **keys):
    jobs, made = swept_jobs(*line, **keys)
    pictures.draw(jobs, made, SweepPaths(tmp_path))
    return sorted(path.name for path in Path(tmp_path).glob("*.png"))


@pytest.mark.parametrize("results", [[{}, {}], [best(0.1), best(1e30)], [best(-1.0), best(0.0)]])
def test_two_jobs_that_ended_are_drawn(swept_jobs, tmp_path, results):
    line = ("optimizer.learning_rate=1e-1,1e-3",)
    names = drawn(swept_jobs, tmp_path, *line, results=results)
    assert names == ["bars.png", "parallel_coordinates.png"]


def test_repetitions_are_drawn_as_one_point(swept_jobs, tmp_path):
    line = ("model=cnn,mlp",)
    results = [best(0.1), best(0.2), best(0.3), best(0.4)]
    assert len(drawn(swept_jobs, tmp_path, *line, seeds=2, results=results)) == 2


@pytest.mark.parametrize("results", [[{}, FAILED], [best(None), best(None)]])
def test_what_does_not_compare_is_not_drawn(swept_jobs, tmp_path, results):
    assert drawn(swept_jobs, tmp_path, "seed=0,1", results=results) == []
