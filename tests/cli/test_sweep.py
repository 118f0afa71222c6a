"""`train -m`: every job is checked first, all of them run, one document tells how each ended."""

import json

import pytest

from fmtool.cli import sweep
from fmtool.cli.sweep import Job

JOBS = [Job(("seed=0",), ("seed=0",)), Job(("seed=1",), ("seed=1",))]


def test_a_failed_job_makes_the_sweep_3_and_the_others_run(swept):
    _, outcome = swept
    assert outcome.code == outcome.json["exit_code"] == 3
    assert [run["exit_code"] for run in outcome.json["runs"]] == [2, 0]


def test_the_object_has_one_entry_a_job_in_their_order(swept):
    _, outcome = swept
    overrides = [run["overrides"] for run in outcome.json["runs"]]
    assert overrides == [["data.limit=1"], ["data.limit=null"]]
    assert outcome.json["runs"][0]["error"]["message"] == (
        "data.validation_fraction=0.1 of 1 samples leaves none to validate on; fix: raise "
        "data.validation_fraction, data.limit or data.fraction, or set data.validation_fraction=0"
    )
    assert 0 <= outcome.json["runs"][1]["metrics"]["accuracy"] <= 1


def test_the_sweep_is_stored_beside_the_runs(swept):
    command, outcome = swept
    (stored,) = command.folder.glob("runs/sweeps/*/sweep.json")
    assert json.loads(stored.read_text()) == outcome.json
    assert stored.parent.name == outcome.json["sweep"]


def test_last_skips_the_runs_of_a_sweep(swept, call):
    command, _ = swept
    outcome = call("runs", "show", "last", f"runs_dir={command.folder / 'runs'}")
    assert outcome.code == 2
    assert "there is no run in " in outcome.error


def test_each_run_knows_its_sweep_and_its_name(swept):
    command, outcome = swept
    (run,) = command.runs
    assert json.loads((run / "manifest.json").read_text())["extra"] == {
        "sweep": outcome.json["sweep"]
    }
    assert "name: a,b" in (run / "config.yaml").read_text()


def test_the_jobs_are_announced_on_stderr(swept):
    announced = [line for line in swept[1].err.splitlines() if line.startswith("job ")]
    assert announced == ["job 1/2  data.limit=1", "job 2/2  data.limit=null"]


def test_an_invalid_last_job_keeps_the_first_from_starting(fmtool):
    outcome = fmtool("train", "-m", "model=mlp,cnn", "model.units=[8],[0]")
    assert (outcome.code, outcome.out, fmtool.files()) == (2, "", set())
    assert "model.units.1" not in outcome.error
    assert outcome.error.startswith("error: ")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((0, 0), 0), ((0, 4), 4), ((4, 5), 3), ((130, 0), 3), ((2, 4), 3)],
)
def test_a_failed_job_outweighs_a_missed_gate(codes, expected):
    results = [{"exit_code": code} for code in codes]
    assert sweep._document("id", JOBS, results)["exit_code"] == expected


def test_a_sweep_that_was_interrupted_has_that_exit_code_and_jobs_that_did_not_start():
    document = sweep._document("id", JOBS, [{"status": "interrupted", "exit_code": 143}], 124)
    assert document["exit_code"] == 124
    assert [run["status"] for run in document["runs"]] == ["interrupted", "not_started"]


def test_the_table_has_a_row_for_each_job(capsys):
    results = [
        {"status": "completed", "run": "first", "metrics": {"accuracy": 0.5}, "seconds": 1.0},
        {"status": "failed", "error": {"message": "it left no result"}},
    ]
    sweep.output.print_tables(sweep._table(JOBS, results))
    lines = capsys.readouterr().out.splitlines()
    assert any("seed=0" in line and "0.5000" in line and "first" in line for line in lines)
    assert any("seed=1" in line and "failed" in line for line in lines)


def test_a_sweep_does_not_go_on_with_one_run(call):
    outcome = call("train", "-m", "seed=0,1", "resume=last")
    assert outcome.code == 2
    assert outcome.error == (
        "error: a sweep cannot go on with one run; fix: write resume=auto, or leave out -m"
    )


@pytest.mark.slow
def test_a_sweep_that_is_repeated_with_auto_does_what_is_missing(fmtool):
    words = ("model=mlp", "model.units=[4]", "epochs=1", "logging=quiet", "resume=auto", "--json")
    first = fmtool("train", "-m", *words, "seed=0,1")
    again = fmtool("train", "-m", *words, "seed=0,1,2")
    assert (first.code, again.code) == (0, 0)
    done, repeated = ([run["run"] for run in each.json["runs"]] for each in (first, again))
    assert repeated[:2] == done
    assert len(fmtool.runs) == 3
    assert again.err.count("nothing is left to do") == 2
