"""What a finished training leaves, and that every other command reads the same from it."""

import csv
import json
import re

import numpy as np
import pytest
import yaml

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.runs.checkpoint_manifest import verify

FILES = {
    "config.yaml", "overrides.yaml", "manifest.json", "metrics.jsonl", "history.csv", "model.keras",
    "result.json", "run.lock", "checkpoints", "tensorboard", "plots",
}  # fmt: skip


@pytest.fixture(scope="module")
def evaluated(trained):
    """`evaluate` on the shared run, with one gate met and one missed."""
    return trained.command(
        "evaluate", "run=pilot", "gate.min.accuracy=0.05", "gate.max.loss=0", "--json"
    )


@pytest.fixture(scope="module")
def result(trained):
    return json.loads((trained.directory / "result.json").read_text())


def test_stdout_is_exactly_one_json_object(trained):
    assert len(trained.outcome.out.splitlines()) == 1
    assert trained.outcome.json["status"] == "completed"


def test_stdout_and_result_json_say_the_same(trained, result):
    printed = dict(trained.outcome.json)
    assert trained.directory.name == printed["run"]
    del printed["run_directory"]
    assert printed == result


def test_the_directory_holds_every_promised_file_and_no_other(trained):
    found = {path.name for path in trained.directory.iterdir()}
    assert found - {"evaluation"} == FILES


def test_nothing_is_written_beside_the_run(trained):
    assert [path.name for path in trained.command.folder.iterdir()] == ["runs"]
    assert not trained.command.cache.exists()


def test_progress_is_one_plain_line_an_epoch_on_stderr(trained):
    lines = trained.outcome.err.splitlines()
    # The first training of all measures the machine.
    begin, first, second = (line for line in lines if not line.startswith("measuring "))
    assert begin.startswith("train cnn on digits  1034 parameters  1298 training + 144 validation")
    assert first.startswith("epoch 1/2  loss ")
    assert second.startswith("epoch 2/2  loss ")


def test_the_config_is_stored_resolved(trained):
    config = yaml.safe_load((trained.directory / "config.yaml").read_text())
    assert config["model"]["filters"] == [4, 8]
    assert "auto" not in (config["runtime"][k] for k in ("threads", "device", "precision"))
    assert isinstance(config["runtime"]["steps_per_dispatch"], int)


def test_the_stored_config_composes_to_itself(trained):
    stored = yaml.safe_load((trained.directory / "config.yaml").read_text())
    again = compose("config", [], folders=(trained.directory,))
    assert validate.train_config(again).model_dump(serialize_as_any=True) == stored


def test_what_was_typed_is_stored_as_typed(trained):
    typed = yaml.safe_load((trained.directory / "overrides.yaml").read_text())
    assert typed[:2] == ["model=cnn", "model.filters=[4,8]"]
    assert "gate.min.accuracy=0.05" in typed


def test_metrics_history_and_result_agree_on_the_last_epoch(trained, result):
    rows = [json.loads(line) for line in (trained.directory / "metrics.jsonl").open()]
    epochs = [row for row in rows if row["kind"] == "epoch"]
    history = list(csv.DictReader((trained.directory / "history.csv").open()))
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert [float(row["val_loss"]) for row in history] == [row["val_loss"] for row in epochs]
    assert (result["epochs"], result["steps"]) == (2, 40)
    assert result["best"]["value"] == min(row["val_loss"] for row in epochs)


def test_every_checkpoint_verifies_and_best_is_the_best(trained, result):
    checkpoints = trained.directory / "checkpoints"
    assert [verify(path)["step"] for path in sorted(checkpoints.glob("step-*"))] == [20, 40]
    assert (checkpoints / "best").read_text() == f"step-{result['best']['step']}\n"


def test_a_checkpoint_holds_finite_arrays_only(trained):
    with np.load(trained.directory / "checkpoints" / "step-40" / "state.npz") as arrays:
        assert arrays.files
        assert all(np.isfinite(arrays[name]).all() for name in arrays.files)


def test_tensorboard_and_plots_are_there(trained):
    assert len(list((trained.directory / "tensorboard").rglob("events.out.*"))) >= 2
    plots = {path.name for path in (trained.directory / "plots").iterdir()}
    assert {"curves.png", "confusion_matrix.png"} <= plots


def test_evaluate_repeats_the_final_report_to_the_last_digit(evaluated, result):
    assert {name: evaluated.json[name] for name in result["metrics"]} == result["metrics"]


def test_evaluate_ends_with_4_and_rows_of_a_missed_gate(evaluated, result):
    assert evaluated.code == evaluated.json["exit_code"] == 4
    assert evaluated.json["status"] == "gate_not_met"
    met, missed = evaluated.json["gates"]
    assert met == {
        "metric": "accuracy",
        "wanted": ">= 0.05",
        "got": result["metrics"]["accuracy"],
        "met": True,
    }
    assert (missed["metric"], missed["wanted"], missed["met"]) == ("loss", "<= 0", False)


def test_evaluate_names_the_files_that_it_wrote(trained, evaluated):
    files = [trained.command.folder / name for name in evaluated.json["files"]]
    assert [path for path in files if not path.is_file()] == []
    assert json.loads(files[0].read_text()) == evaluated.json


def test_train_stores_the_rows_of_a_gate_that_is_met(result):
    assert [(row["wanted"], row["met"]) for row in result["gates"]] == [
        (">= 0.05", True),
        ("<= 9", True),
    ]


def test_train_ends_with_4_and_a_table_where_a_gate_is_missed(repeated):
    outcome, directory = repeated
    assert outcome.code == 4
    assert "quality gate" in outcome.out
    row = next(line for line in outcome.out.splitlines() if ">= 1.5" in line).split()
    assert (row[0], row[-1]) == ("accuracy", "no")
    stored = json.loads((directory / "result.json").read_text())
    assert (stored["status"], stored["exit_code"]) == ("gate_not_met", 4)


def test_the_end_of_a_training_says_what_deserves_a_word(repeated):
    out = repeated[0].out
    assert re.search(r"test accuracy +0\.\d{4} \(always '\d': 0\.\d{4}\)", out)
    assert "\nval_loss was still improving in the last epoch: more epochs may help\n" in out
    assert "\nnext:\n  fmtool train resume=last epochs=4\n  fmtool evaluate run=last\n" in out
    assert "18 of 1,298 training samples are left out of each epoch by batch_size=64" in out
    assert "far worse" not in out


def test_a_missed_gate_is_no_error_line(repeated):
    assert "error" not in repeated[0].err


@pytest.mark.parametrize("reference", ["last", "pilot", "path", "prefix"])
def test_runs_show_finds_the_run_by_every_kind_of_reference(call, trained, reference):
    named = {"path": str(trained.directory), "prefix": trained.directory.name[:-2]}
    runs_dir = f"runs_dir={trained.directory.parent}"
    outcome = call("runs", "show", named.get(reference, reference), runs_dir, "--json")
    assert outcome.json["result"]["run"] == trained.directory.name


def test_runs_compare_shows_what_differs(call, trained, repeated):
    outcome = call("runs", "compare", str(trained.directory), str(repeated[1]), "--json")
    assert outcome.code == 0
    assert "logging.tensorboard" in outcome.out
    assert "model.filters" not in outcome.out


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["splt=test"], 2, "unknown key 'splt'; fix: did you mean 'split'?"),
        (["epochs=3"], 2, "'epochs' comes from the run and cannot be changed here; fix: "),
        (["data.limt=3"], 2, "unknown key 'data.limt'; fix: did you mean 'data.limit'?"),
        (["data=nope"], 2, "data=nope: no such data"),
        (["runtime.backend=tf"], 2, "runtime.backend=tf is not accepted"),
        (["data=cifar10"], 69, "cifar10 is not cached and FMTOOL_OFFLINE forbids downloads; fix: "),
    ],
)
def test_a_mistake_on_a_real_run_is_one_line(call, trained, argv, code, message):
    outcome = call("evaluate", f"run={trained.directory}", *argv)
    assert (outcome.code, outcome.out) == (code, "")
    assert message in outcome.err.splitlines()[-1]
