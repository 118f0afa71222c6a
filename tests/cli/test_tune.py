"""`fmtool tune` as it is typed: a study of real trainings, and what is asked of it afterwards."""

import csv
import json
import signal
from urllib.request import urlopen

import pytest

from fmtool.runs.layout import RunPaths, StudyPaths, studies_directory

TINY = (
    "model=mlp", "data=digits", "epochs=3", "logging.every_n_steps=0", "runtime.backend=torch",
)  # fmt: skip
"""On the backend on which a process begins the soonest; what a study does is the same on all."""
LINE = (
    *("tune", "study=first", *TINY, "model.units=[8],[16,8]", "tune.jobs=2", "budget.trials=4"),
    *("optimizer.learning_rate=1e-3..1e-1:log", "gate.min.val_accuracy=0.2", "--json"),
)

CRASHES = """
import os
from typing import Literal

from fmtool.models import mlp

GIVES = mlp.GIVES

class Config(mlp.Config):
    name: Literal["crashes"]

def build(cfg, element, wanted):
    if cfg.units == [1]:
        with open("crashes", "a") as file:
            file.write("x")
        os.abort()
    return mlp.build(cfg, element, wanted)
"""
CRASHES_YAML = "defaults: [mlp, _self_]\nname: crashes\n"


@pytest.fixture(scope="module")
def tuned(session_command, tmp_path_factory):
    """The command, and how its study ended."""
    command = session_command(tmp_path_factory.mktemp("tuned"))
    return command, command(*LINE)


@pytest.fixture
def ask(tuned, call):
    """An action on the study, answered in this process."""
    command, _ = tuned
    return lambda action, *words: call("tune", action, f"runs_dir={command.folder}/runs", *words)


def study_of(command, name="first"):
    return StudyPaths(studies_directory(command.folder / "runs") / name)


def test_a_study_makes_its_trials_and_names_the_best(tuned):
    command, outcome = tuned
    document = outcome.json
    assert (outcome.code, document["status"], document["exit_code"]) == (0, "completed", 0)
    assert sum(document["trials"].values()) == 4 == len(command.runs)
    assert set(document["trials"]) <= {"completed", "pruned"}
    (best,) = document["best"]
    rows = list(csv.DictReader(study_of(command).trials_table.open()))
    complete = [float(row["val_accuracy"]) for row in rows if row["status"] == "completed"]
    assert best["values"] == [max(complete)]
    assert document["gates"][0]["met"]


def test_each_trial_is_an_ordinary_run_that_never_saw_the_test_split(tuned):
    command, _ = tuned
    for run in command.runs:
        paths = RunPaths(run)
        result = json.loads(paths.result.read_text())
        assert (result["metrics"], result["status"]) in (({}, "completed"), ({}, "pruned"))
        assert json.loads(paths.manifest.read_text())["extra"] == {"study": "first"}
        assert paths.model.is_file()


def test_each_epoch_of_a_run_is_in_its_log(tuned):
    command, outcome = tuned
    best = RunPaths(command.folder / outcome.json["best"][0]["run"])
    rows = [json.loads(line) for line in best.metrics.read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert max(row["val_accuracy"] for row in rows) == outcome.json["best"][0]["values"][0]


def test_trials_begin_and_end_with_a_line_each(tuned):
    lines = [line for line in tuned[1].err.splitlines() if line.startswith("trial ")]
    assert sum("running" in line for line in lines) == 4
    assert sum("val_accuracy" in line and " epoch" in line for line in lines) == 4


def test_the_study_leaves_a_table_pictures_and_its_definition(tuned):
    command, outcome = tuned
    paths = study_of(command)
    assert json.loads(paths.result.read_text())["best"] == outcome.json["best"]
    assert paths.definition.is_file()
    drawn = sorted(path.stem for path in paths.plots.glob("*.png"))
    assert {"timeline", "history", "slice", "courses"} <= set(drawn)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths.plots.glob("*.png"))


def test_the_same_line_again_trains_nothing(tuned):
    command, outcome = tuned
    again = command(*LINE)
    assert (again.code, again.json["best"]) == (0, outcome.json["best"])
    assert len(command.runs) == 4
    assert "running" not in again.err


def test_last_skips_the_runs_of_a_study(tuned, call):
    outcome = call("runs", "show", "last", f"runs_dir={tuned[0].folder}/runs")
    assert outcome.code == 2
    assert "are all of a sweep or a study, which it skips" in outcome.error


def test_the_runs_of_a_study_are_once_among_all_runs(tuned):
    command, _ = tuned
    links = [path for path in (command.folder / "runs").rglob("*") if path.is_symlink()]
    assert links == []


def test_one_board_shows_the_trials_and_their_hyperparameters(tuned, ask, fmtool, tensorboard):
    outcome = ask("board", f"output={fmtool.folder}/all")
    assert outcome.out == f"4 trials\ntensorboard --logdir {fmtool.folder}/all\n"
    assert ask("board", f"output={fmtool.folder}/all").code == 0
    among = ask("board", f"output={tuned[0].folder}/runs/all")
    assert (among.code, "would show the trials twice" in among.error) == (2, True)
    with tensorboard(fmtool.folder / "all") as fetch:
        runs = fetch("runs")
        assert {run.partition("/")[0] for run in runs} == {"0000", "0001", "0002", "0003"}
        found = fetch(
            "plugin/hparams/session_groups",
            {"experimentName": "", "allowedStatuses": ["STATUS_SUCCESS", "STATUS_UNKNOWN",
             "STATUS_RUNNING", "STATUS_FAILURE"], "colParams": [], "startIndex": 0,
             "sliceSize": 99},
        )  # fmt: skip
    assert found["totalSize"] == 4


def test_status_tells_how_far_it_is(ask):
    outcome = ask("status", "--json")
    assert outcome.code == 0
    assert len(outcome.json["all_trials"]) == 4
    shown = ask("status", "study=first").out
    assert "study first (completed)" in shown
    assert "objective: max val_accuracy; budget: trials 4" in shown


def test_best_writes_an_experiment_that_trains_its_point(ask, tuned, fmtool):
    written = fmtool.folder / "fmtool_conf" / "experiment" / "tuned.yaml"
    outcome = ask("best", f"output={written}", "--json")
    best = outcome.json["best"][0]
    assert (outcome.code, outcome.json["written"]) == (0, str(written))
    shown = fmtool("train", "experiment=tuned", "--cfg", "job", "-p", "model").out
    units = best["params"]["model.units"]
    assert json.loads(units) == [int(line[2:]) for line in shown.splitlines() if "- " in line]


def test_all_trials_go_into_a_file(ask, fmtool):
    outcome = ask("export", f"output={fmtool.folder}/all.json")
    assert outcome.out.strip() == f"4 trials: {fmtool.folder}/all.json"
    trials = json.loads((fmtool.folder / "all.json").read_text())["trials"]
    assert [trial["trial"] for trial in trials] == [0, 1, 2, 3]


def test_pictures_go_where_they_are_wanted(ask, fmtool):
    assert ask("plot", f"output={fmtool.folder}/pictures").code == 0
    assert (fmtool.folder / "pictures" / "timeline.png").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["status", "study=none"], "error: there is no study none: no file "),
        (["best", "top=3"], "error: unknown key 'top'; fix: one of output, runs_dir, storage, "),
        (["export", "output=x.txt"], "error: output=x.txt: which format?; fix: end it with .csv"),
        (["confirm", "seeds=0"], "error: seeds=0 is not accepted; fix: give a whole number above"),
        (["worker", "study=first"], "error: worker: which study, and where?; fix: write fmtool "),
    ],
)
def test_a_mistake_in_an_action_is_one_line(ask, words, message):
    outcome = ask(*words)
    assert outcome.code == 2
    assert outcome.error.startswith(message)


def test_without_a_study_the_actions_say_so(call):
    outcome = call("tune", "status")
    assert outcome.code == 2
    assert outcome.error.startswith("error: there is no study in runs yet; fix: begin one with")


@pytest.mark.parametrize("word", ["model.dropout=0..0.5", "status", "confirm", "dashboard"])
def test_without_optuna_every_line_says_how_to_install_it(fmtool, word):
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "from fmtool.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    outcome = fmtool.python(code, "tune", word)
    assert outcome.code == 2
    assert outcome.error == (
        "error: optuna is not installed; fix: pip install 'optuna<5.1,>=5' 'cmaes>=0.13' "
        "'scipy>=1.15' 'optuna-dashboard>=0.20'"
    )


def test_a_sweep_of_searches_is_refused(call):
    outcome = call("tune", "-m", "model=cnn,mlp")
    assert outcome.code == 2
    assert outcome.error.startswith("error: tune takes no -m: a list such as model=cnn,mlp is a")


def test_help_lists_the_options_and_the_actions(call):
    shown = call("tune", "--help").out
    assert "tuner         cmaes gp grid nsgaii qmc random tpe*" in shown
    assert "budget.trials=50" in shown
    assert all(f"  {action} " in shown for action in ("worker", "confirm", "dashboard", "retry"))


@pytest.mark.slow
def test_a_crash_and_a_divergence_cost_one_trial_each_and_do_not_end_the_study(fmtool):
    plugin = fmtool.write("crashes.py", CRASHES)
    fmtool.write("fmtool_conf/model/crashes.yaml", CRASHES_YAML)
    outcome = fmtool(
        "tune", "study=c", "model=crashes", "--plugin", str(plugin), "data=digits", "epochs=1",
        "model.units=[1],[8]", "optimizer=sgd", "optimizer.learning_rate=0.1,1e30",
        "tuner=grid", "logging=quiet", "tune.plots=false", "--json",
    )  # fmt: skip
    assert (outcome.code, outcome.json["exit_code"]) == (3, 3)
    rows = json.loads(fmtool("tune", "export", "output=all.json", "--plugin", str(plugin),
                             "--json").out) and json.loads(
        (fmtool.folder / "all.json").read_text())["trials"]  # fmt: skip
    assert [row["status"] for row in rows] == ["failed", "failed", "completed", "diverged"]
    assert (fmtool.folder / "crashes").read_text() == "x" * 4, "each was tried again once"
    waiting = fmtool("tune", "retry", "--plugin", str(plugin), "--json").json["waiting"]
    assert waiting == [0, 1]


def test_the_dashboard_is_served_on_loopback_until_it_is_interrupted(tuned, started):
    command, _ = tuned
    server = command.start("tune", "dashboard", "study=first", "port=18976")
    started.append(server)
    line = server.stderr.readline()
    assert line == "study first: http://127.0.0.1:18976 (Ctrl-C ends it)\n"
    with urlopen("http://127.0.0.1:18976/api/studies") as reply:
        (summary,) = json.loads(reply.read())["study_summaries"]
    assert summary["study_name"] == "first"
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=20) == -signal.SIGINT


@pytest.mark.slow
def test_two_objectives_give_a_front_and_confirm_reports_the_test_score_of_the_best(fmtool):
    outcome = fmtool(
        "tune", "study=two", *TINY, "model.units=[4],[16],[32,16]", "tuner=grid", "--json",
        "objective=[max val_accuracy,min parameters]",
    )  # fmt: skip
    assert outcome.code == 0
    front = outcome.json["best"]
    assert front == sorted(front, key=lambda trial: -trial["values"][0])
    assert (study_of(fmtool, "two").plots / "pareto.png").is_file()
    confirmed = fmtool("tune", "confirm", "study=two", "top=1", "seeds=2", "defaults=true",
                       "gate.min.accuracy=0.2", "--json")  # fmt: skip
    document = confirmed.json
    assert (confirmed.code, len(document["points"])) == (0, 2)
    tested = {point["point"] for point in document["points"] if point["test"]}
    assert tested == {document["winner"], "defaults"}
    assert all(len(point["validation"]["values"]) == 2 for point in document["points"])
    runs = len(fmtool.runs)
    again = fmtool("tune", "confirm", "study=two", "top=1", "seeds=2", "defaults=true", "--json")
    assert again.json["points"] == document["points"]
    assert len(fmtool.runs) == runs
