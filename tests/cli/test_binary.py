"""`task=binary` by the real command: one training, and all that is done with its run."""

import csv
import json
import shutil

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.datasets import load_breast_cancer

from fmtool.runs.layout import RunPaths

TASK = ("task=binary", "task.positive=malignant", "task.threshold=cost",
        "task.cost_false_negative=5")  # fmt: skip
LINE = ("train", *TASK, "data=breast_cancer", "model=mlp", "model.units=[8]", "epochs=6",
        "name=tumours", "logging.every_n_steps=0", "logging.tensorboard=false",
        "gate.min.roc_auc=0.8", "--json")  # fmt: skip


@pytest.fixture(scope="module")
def ran(session_command, tmp_path_factory):
    """The command, the files of the run, and what the training printed."""
    command = session_command(tmp_path_factory.mktemp("binary"))
    outcome = command(*LINE)
    assert outcome.code == 0, outcome.err
    return command, RunPaths(command.runs[0]), outcome


@pytest.fixture(scope="module")
def predicted(ran):
    """The rows of a file with all samples of the set, and what was printed of them."""
    command = ran[0]
    outcome = command(
        "evaluate", "run=tumours", "split=all", "predictions=all.csv", "plots=false", "--json"
    )
    assert outcome.code == 0, outcome.err
    with (command.folder / "all.csv").open(newline="") as file:
        return list(csv.DictReader(file)), outcome.json


def test_a_training_chooses_its_threshold_and_reports_with_it(ran):
    _, paths, outcome = ran
    chosen = json.loads((paths.root / "task.json").read_text())
    assert chosen["rule"] == (
        "least cost on validation, 5 for a false negative, 1 for a false positive"
    )
    assert chosen["positive"] == "malignant"
    result = json.loads(paths.result.read_text())
    assert list(result["artifacts"]) == ["task.json"]
    assert result["threshold"] == chosen["threshold"]
    assert result["metrics"]["roc_auc"] > 0.9
    assert result["headline"] == ["roc_auc", "loss"]
    assert outcome.json["metrics"] == result["metrics"]
    plots = {path.name for path in (paths.root / "plots").iterdir()}
    assert {"confusion_matrix.png", "roc_pr.png", "curves.png"} <= plots


def test_evaluate_prints_the_same_figures_and_says_where_the_threshold_is(ran):
    command, paths, outcome = ran
    words = ("evaluate", "run=tumours", "plots=false", "gate.min.recall=0.2", "gate.max.cost=1")
    again = command(*words, "--json")
    assert again.code == 0, again.err
    for name, value in outcome.json["metrics"].items():
        assert again.json[name] == value
    shown = command(*words).out
    threshold = json.loads(paths.result.read_text())["threshold"]
    assert f"positive is malignant, from a probability of {threshold:.4f}: least cost" in shown


def test_a_gate_that_is_missed_or_of_no_figure_is_exit_code_4(ran):
    command = ran[0]
    missed = command("evaluate", "run=tumours", "plots=false", "gate.min.f1=1.1")
    assert missed.code == 4
    # Of samples that are all benign no curve is known.
    x, y = load_breast_cancer(return_X_y=True)
    np.savez(command.folder / "benign.npz", x=x[y == 1], y=y[y == 1])
    words = ("data=arrays", "data.path=benign.npz", "plots=false", "--json")
    none = command("evaluate", "run=tumours", "gate.min.roc_auc=0.1", *words)
    assert none.code == 4, none.err
    assert none.json["roc_auc"] is None
    assert none.json["undefined"]["roc_auc"] == "the split has samples of one class only"
    assert none.json["specificity"] is not None


def test_figures_are_those_of_scikit_learn_on_the_file_of_predictions(ran, predicted):
    rows, report = predicted
    is_true = [row["truth"] == "malignant" for row in rows]
    is_found = [row["label"] == "malignant" for row in rows]
    shares = np.array([float(row["probability of malignant"]) for row in rows])
    assert len(rows) == 569
    for name, value in {
        "roc_auc": oracle.roc_auc_score(is_true, shares),
        "pr_auc": oracle.average_precision_score(is_true, shares),
        "accuracy": oracle.accuracy_score(is_true, is_found),
        "recall": oracle.recall_score(is_true, is_found),
        "matthews_corrcoef": oracle.matthews_corrcoef(is_true, is_found),
    }.items():
        assert report[name] == pytest.approx(value, abs=1e-9), name
    assert report["brier"] == pytest.approx(oracle.brier_score_loss(is_true, shares), abs=1e-6)
    assert is_found == (shares >= report["threshold"]).tolist()


@pytest.fixture(scope="module")
def exported(ran):
    pytest.importorskip("tf2onnx")
    command, _, _ = ran
    outcome = command("export", "run=tumours", "format=onnx", "bundle=true", "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json


def test_an_exported_file_has_the_labels_of_the_run(ran, exported):
    (row,) = exported["files"]
    assert row["outputs"] == {"probability": "float32", "logit": "float32", "label": "int32"}
    assert row["parity"]["agreement"] == 1.0
    assert row["parity"]["differences"]["probability"]["max"] < 1e-5
    _, paths, outcome = ran
    expected = outcome.json["metrics"]["roc_auc"]
    assert row["score"] == {"roc_auc": pytest.approx(expected, abs=1e-3)}
    card = (paths.root / "export" / "model_card.md").read_text()
    assert "as malignant or benign" in card
    assert "## Threshold" in card
    assert "tabular-classification" in card


def test_run_and_file_predict_the_same(ran, exported, predicted):
    command, paths, _ = ran
    x = load_breast_cancer().data
    np.save(command.folder / "x.npy", x)
    found = {}
    for model in ("run=tumours", f"model={paths.root}/export/onnx/model.onnx"):
        outcome = command("predict", model, "input=x.npy", "output=found.csv")
        assert outcome.code == 0, outcome.err
        with (command.folder / "found.csv").open(newline="") as file:
            found[model] = list(csv.DictReader(file))
    run, file = found.values()
    assert list(run[0]) == ["input", "label", "probability of malignant"]
    assert [row["label"] for row in run] == [row["label"] for row in file]
    rows, _ = predicted
    by_row = {row["input"]: row for row in rows}
    assert [row["label"] for row in run] == [by_row[row["input"]]["label"] for row in run]
    outcome = command(
        "predict", f"model={paths.root}/export/onnx/model.onnx", "input=x.npy",
        "probabilities=true", "--json",
    )  # fmt: skip
    first = outcome.json["predictions"][0]
    assert (first["label"], first["positive"]) == ("malignant", "malignant")
    assert first["probabilities"]["malignant"] == first["probability"]
    assert sum(outcome.json["counts"].values()) == 569


def test_the_client_of_a_bundle_prints_label_and_probability(ran, exported):
    command, paths, _ = ran
    folder = command.folder / "unpacked"
    shutil.unpack_archive(paths.root / "export" / "bundle.zip", folder)
    numbers = ",".join(map(str, load_breast_cancer().data[0].tolist()))
    clients = folder / "clients"
    outcome = command.python(
        f"import runpy, sys; sys.path.insert(0, {str(clients)!r}); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')",
        str(clients / "predict_onnx.py"),
        str(folder / "onnx" / "model.onnx"),
        numbers,
    )
    assert outcome.code == 0, outcome.err
    _, label, share = outcome.out.strip().split("\t")
    assert label == "malignant"
    assert 0 < float(share.removeprefix("probability=")) < 1


def test_a_run_is_trained_again_to_the_same_figures_and_threshold(ran):
    command, paths, _ = ran
    outcome = command("reproduce", str(paths.root), "want=equal", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["verdict"] == "equal"
    again = paths.root.parent / outcome.json["reproduction"] / "task.json"
    assert again.read_text() == (paths.root / "task.json").read_text()


def test_what_cannot_be_learned_is_one_line(call):
    outcome = call("train", "task=binary", "data=digits", "dry_run=true")
    assert outcome.code == 2
    assert outcome.error == (
        "error: task=binary learns at most 2 classes, but data=digits has 10 classes; "
        "fix: choose task=classification, or other data"
    )


@pytest.mark.slow
def test_every_format_has_the_labels_of_the_run(ran):
    command, _, _ = ran
    outcome = command("export", "run=tumours", "format=all", "quantization=all", "--json",
                      "output=every")  # fmt: skip
    rows = {row["name"]: row["parity"]["agreement"] for row in outcome.json["files"]}
    assert {"onnx", "litert"} <= set(rows)
    for name, agreement in rows.items():
        if "_" not in name.replace("saved_model", ""):
            assert agreement == 1.0, name


@pytest.mark.slow
def test_a_study_and_a_sweep_go_by_what_the_task_reports(ran):
    command, _, _ = ran
    small = ("data=breast_cancer", "model=mlp", "epochs=2", "logging=quiet", "task=binary")
    tuned = command(
        "tune", "study=s", *small, "optimizer.learning_rate=1e-3..1e-1:log", "budget.trials=1",
        "--json",
    )  # fmt: skip
    assert tuned.code == 0, tuned.err
    swept = command("train", "-m", *small, "task.threshold=f_beta,recall", "--json")
    assert swept.code == 0, swept.err
    assert all("roc_auc" in run["metrics"] for run in swept.json["runs"])
