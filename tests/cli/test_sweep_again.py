"""The line of a sweep typed again, and planned: what is done is found and left as it is."""

import re

import pytest

TINY = ("data=digits", "model=mlp", "logging=quiet", "report.test=false")
EPOCHS = (*TINY, "model.units=[4],[4]", "epochs=1,2", "sweep.jobs=2")


@pytest.fixture(scope="module")
def repeated_sweep(tmp_path_factory, session_command):
    """Two trainings, each asked for twice, side by side; the same command again; and its plan."""
    command = session_command(tmp_path_factory.mktemp("epochs"))
    first = command("train", "-m", *EPOCHS, "--json")
    models = {run / "model.keras" for run in command.runs}
    written = {path: path.stat().st_mtime_ns for path in models}
    again = command("train", "-m", *EPOCHS, "--json")
    plan = command("sweep", "plan", *EPOCHS, "--json")
    return command, first, again, plan, written


def test_a_training_that_is_asked_for_twice_is_done_once_and_reported_twice(repeated_sweep):
    command, first, *_ = repeated_sweep
    assert first.code == 0, first.err
    rows = first.json["runs"]
    assert [row["same_as"] for row in rows] == [None, None, 1, 2]
    assert [row["run"] for row in rows[2:]] == [row["run"] for row in rows[:2]]
    assert len(command.runs) == 2


def test_jobs_that_differ_in_epochs_alone_have_runs_of_their_own(repeated_sweep):
    _, first, *_ = repeated_sweep
    assert [row["epochs"] for row in first.json["runs"]] == [1, 2, 1, 2]


def test_the_same_line_again_finds_what_is_done_and_leaves_it_as_it_is(repeated_sweep):
    command, first, again, _, written = repeated_sweep
    assert again.code == 0, again.err
    assert [row["run"] for row in again.json["runs"]] == [row["run"] for row in first.json["runs"]]
    assert written == {path: path.stat().st_mtime_ns for path in written}
    log = (command.folder / again.json["runs"][0]["log"]).read_text()
    assert "nothing is left to do" in log


def test_the_same_line_again_goes_on_in_the_folder_of_the_sweep(repeated_sweep):
    command, first, again, *_ = repeated_sweep
    assert again.json["sweep"] == first.json["sweep"]
    assert again.err.startswith(f"sweep {first.json['sweep']} goes on\n")
    assert len(list(command.folder.glob("runs/sweeps/*"))) == 1


def test_a_plan_tells_what_is_done(repeated_sweep):
    *_, plan, _ = repeated_sweep
    assert plan.json["states"] == {"done": 2}
    assert (plan.json["samples"], plan.json["seconds"]) == (0, 0.0)


def test_a_plan_judges_samples_and_time_by_earlier_runs(repeated_sweep, call, monkeypatch):
    command, first, *_ = repeated_sweep
    monkeypatch.chdir(command.folder)
    outcome = call(
        "sweep", "plan", *TINY, "model.units=[4]", "epochs=10", "seed=7", "seeds=2", "--json"
    )
    assert outcome.json["samples"] == 2 * 10 * 1298
    fastest = min(row["seconds"] for row in first.json["runs"])
    assert outcome.json["seconds"] > fastest


def test_two_completed_jobs_are_drawn(repeated_sweep):
    command, first, *_ = repeated_sweep
    folder = command.folder / first.json["directory"]
    for name in ("bars.png", "parallel_coordinates.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_a_plan_is_a_table_and_a_line(call, fmtool):
    line = (*TINY, "model.units=[4],[4]", "epochs=1,2", "seeds=2", "sweep.shard=1/2")
    outcome = call("sweep", "plan", *line)
    assert (outcome.code, outcome.err, fmtool.files()) == (0, "", set())
    *_, last = outcome.out.splitlines()
    assert last == (
        "4 jobs of part 1/2, 2 trainings; 2 to do; 3,894 samples; "
        "no earlier run to judge the time by"
    )
    assert re.search(r"5 +model.units=\[4\] epochs=1 seed=0 +as job 1", outcome.out)


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        ([], "no action named; fix: write fmtool sweep plan, and the command"),
        (["paln"], "unknown action 'paln'; fix: did you mean 'plan'?"),
        (["plan", "--cfg", "job"], "sweep takes no --cfg or --info; fix: ask "
                                   "fmtool train"),
        (["plan", "epochs=1,0"], "epochs=0 is not accepted; fix: give a value greater than 0"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_mistake_about_a_plan_is_a_line(call, argv, error):
    outcome = call("sweep", *argv)
    assert (outcome.code, outcome.error) == (2, f"error: {error}")
