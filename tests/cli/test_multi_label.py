"""`task=multi_label` by the real command: one training and its run, and every source of labels."""

import csv
import json
import shlex

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics as oracle

from fmtool import registry
from fmtool.data import digit_pairs
from fmtool.runs.layout import RunPaths

LINE = ("train", "task=multi_label", "task.threshold=f1", "data=digit_pairs", "data.limit=800",
        "model=cnn", "model.filters=[8]", "model.dense_units=[32]", "epochs=5", "name=pairs",
        "optimizer.learning_rate=0.01", "logging.every_n_steps=0", "logging.tensorboard=false",
        "gate.min.mean_average_precision=0.3", "--json")  # fmt: skip


@pytest.fixture(scope="module")
def ran(session_command, tmp_path_factory):
    """The command, the files of the run, and what the training printed."""
    command = session_command(tmp_path_factory.mktemp("multi_label"))
    outcome = command(*LINE)
    assert outcome.code == 0, outcome.err
    return command, RunPaths(command.runs[0]), outcome


@pytest.fixture(scope="module")
def test_split():
    return digit_pairs.load(None).test


def test_a_training_chooses_the_threshold_of_each_class(ran):
    _, paths, outcome = ran
    chosen = json.loads((paths.root / "task.json").read_text())
    assert list(chosen["thresholds"]) == list("0123456789")
    assert len(set(chosen["log_odds"])) == 10
    result = json.loads(paths.result.read_text())
    assert result["headline"] == ["mean_average_precision", "loss"]
    assert outcome.json["metrics"] == result["metrics"]
    plots = {path.name for path in (paths.root / "plots").iterdir()}
    assert {"roc_pr.png", "misclassified.png", "curves.png"} <= plots
    row = json.loads(paths.metrics.read_text().splitlines()[0])
    names = [name for name in row if "loss" in name or "accuracy" in name]
    assert names[:3] == ["loss", "hamming_loss", "subset_accuracy"]


def test_evaluate_gates_and_writes_what_scikit_learn_finds_the_same_figures_of(ran):
    command, _, outcome = ran
    words = ("evaluate", "run=pairs", "plots=false", "predictions=test.jsonl", "--json")
    again = command(*words, "gate.min.f1_macro=0.05", "gate.max.hamming_loss=0.9")
    assert again.code == 0, again.err
    for name, value in outcome.json["metrics"].items():
        assert again.json[name] == value
    lines = (command.folder / "test.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    has = {
        key: np.array([[name in row[key] for name in "0123456789"] for row in rows])
        for key in ("truth", "labels")
    }
    shares = np.array([list(row["probabilities"].values()) for row in rows])
    for name, value in {
        "mean_average_precision": oracle.average_precision_score(has["truth"], shares),
        "roc_auc_macro": oracle.roc_auc_score(has["truth"], shares),
        "f1_macro": oracle.f1_score(*has.values(), average="macro", zero_division=0),
        "f1_micro": oracle.f1_score(*has.values(), average="micro"),
        "subset_accuracy": oracle.accuracy_score(*has.values()),
        "hamming_loss": oracle.hamming_loss(*has.values()),
    }.items():
        assert again.json[name] == pytest.approx(value, abs=1e-9), name
    thresholds = [entry["threshold"] for entry in again.json["per_class"]]
    assert (has["labels"] == (shares >= thresholds)).all()


def test_a_gate_that_is_missed_or_of_no_figure_is_exit_code_4(ran, test_split):
    command = ran[0]
    assert command("evaluate", "run=pairs", "plots=false", "gate.min.f1_micro=1.1").code == 4
    names = np.array(list("0123456789"))
    none = np.zeros((20, 10), np.uint8)
    np.savez(command.folder / "none.npz", x=test_split.x[:20], y=none, class_names=names)
    words = ("data=arrays", "data.path=none.npz", "plots=false", "--json")
    outcome = command("evaluate", "run=pairs", "gate.min.recall_micro=0.1", *words)
    assert outcome.code == 4, outcome.err
    assert outcome.json["recall_micro"] is None
    assert outcome.json["undefined"]["recall_micro"] == "no sample of the split has a class"


@pytest.fixture(scope="module")
def exported(ran):
    pytest.importorskip("tf2onnx")
    outcome = ran[0]("export", "run=pairs", "format=onnx", "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json


@pytest.mark.slow
def test_run_and_file_predict_the_same_labels(ran, exported, test_split):
    command, paths, _ = ran
    (row,) = exported["files"]
    assert row["parity"]["agreement"] == 1.0
    assert row["outputs"] == {"probabilities": "float32", "logits": "float32", "labels": "int32"}
    assert list(row["score"]) == ["mean_average_precision"]
    np.save(command.folder / "x.npy", test_split.x[:50])
    found = []
    for model in ("run=pairs", f"model={paths.root}/export/onnx/model.onnx"):
        outcome = command("predict", model, "input=x.npy", "output=found.csv")
        assert outcome.code == 0, outcome.err
        with (command.folder / "found.csv").open(newline="") as file:
            found.append(list(csv.DictReader(file)))
    assert list(found[0][0]) == ["input", "labels"]
    assert found[0] == found[1]
    outcome = command(
        "predict", f"model={paths.root}/export/onnx/model.onnx", "input=x.npy",
        "probabilities=true", "--json",
    )  # fmt: skip
    first = outcome.json["predictions"][0]
    assert ";".join(first["labels"]) == found[0][0]["labels"]
    assert list(first["probabilities"]) == list("0123456789")
    assert sum(outcome.json["counts"].values()) == sum(
        len(each["labels"]) for each in outcome.json["predictions"]
    )


# --- sources --------------------------------------------------------------------------------


def write_texts(folder):
    kinds = {"happy": "glad and merry", "sad": "grey and sorry", "loud": "what a noise"}
    with (folder / "moods.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "label"])
        for number in range(120):
            some = [name for bit, name in enumerate(kinds) if number >> bit & 1]
            table.writerow([" ".join(kinds[name] for name in some) + f" {number}", "|".join(some)])


def write_columns(folder):
    with (folder / "columns.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["text", "happy", "sad"])
        table.writerows(
            [f"text {'glad' * (n % 2)} {'sorry' * (n // 2 % 2)} {n}", n % 2, n // 2 % 2]
            for n in range(120)
        )


def write_pictures(folder):
    split = digit_pairs.load(None).test
    (folder / "pictures").mkdir()
    rows = ["path,label"]
    for number, (image, has) in enumerate(zip(split.x[:120], split.y, strict=False)):
        Image.fromarray(image[..., 0] * 15).save(folder / "pictures" / f"{number}.png")
        rows.append(f"{number}.png,{';'.join(map(str, np.flatnonzero(has[:4])))}")
    (folder / "pictures" / "table.csv").write_text("\n".join(rows) + "\n")


def write_arrays(folder):
    x = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
    np.savez(folder / "set.npz", x=x, y=(x[:, :3] > 0).astype(np.uint8))


SOURCES = {
    "texts": (write_texts, "moods.csv"),
    "columns": (write_columns, "columns.csv"),
    "pictures": (write_pictures, "pictures/table.csv"),
    "arrays": (write_arrays, "set.npz"),
}


def proposed(call, command, source):
    """The command line that `data inspect` proposes for a source, as words."""
    write, path = SOURCES[source]
    write(command.folder)
    found = json.loads(call("data", "inspect", f"path={path}", "--json").out)
    assert found["target"]["kind"] == "labels"
    assert found["tasks"] == ["multi_label"]
    return shlex.split(found["next"][0])[1:]


def test_inspect_proposes_the_task(call, fmtool):
    words = proposed(call, fmtool, "texts")
    assert words[:4] == ["train", "model=text_cnn", "data=text", "task=multi_label"]
    assert words[4:] == ["data.path=moods.csv", "data.target=labels", "data.label_separator=|"]


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_what_inspect_proposes_trains(call, fmtool, source):
    words = proposed(call, fmtool, source)
    outcome = fmtool(*words, "epochs=2", "logging=quiet", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["subset_accuracy"] is not None


@pytest.mark.slow
def test_every_format_has_the_labels_of_the_run(ran):
    outcome = ran[0]("export", "run=pairs", "format=all", "--json", "output=every")
    assert outcome.code == 0, outcome.err
    agreements = {row["name"]: row["parity"]["agreement"] for row in outcome.json["files"]}
    assert {"onnx", "litert"} <= set(agreements)
    assert set(agreements.values()) == {1.0}


@pytest.mark.slow
def test_a_run_is_trained_again_to_the_same_figures_and_thresholds(ran):
    command, paths, _ = ran
    outcome = command("reproduce", str(paths.root), "want=equal", "--json")
    assert outcome.code == 0, outcome.err
    again = paths.root.parent / outcome.json["reproduction"] / "task.json"
    assert again.read_text() == (paths.root / "task.json").read_text()


@pytest.mark.slow
def test_mixing_weights_and_a_study_go_with_it(ran):
    command = ran[0]
    small = ("task=multi_label", "data=digit_pairs", "data.limit=300", "model=cnn",
             "model.filters=[4]", "epochs=2", "logging=quiet", "task.class_weights=balanced",
             "augment.mixup=0.4")  # fmt: skip
    tuned = command(
        "tune", "study=s", *small, "optimizer.learning_rate=1e-3..1e-1:log", "budget.trials=1",
        "--json",
    )  # fmt: skip
    assert tuned.code == 0, tuned.err
    assert tuned.json["objectives"] == ["min val_loss"]
    swept = command("train", "-m", *small, "task.threshold=fixed,f1", "--json")
    assert swept.code == 0, swept.err
    assert all("f1_macro" in run["metrics"] for run in swept.json["runs"])


def test_labels_are_learned_by_this_task_alone(call):
    outcome = call("train", "data=digit_pairs", "dry_run=true")
    assert outcome.code == 2
    assert outcome.error == (
        "error: task=classification learns one class for each sample, but data=digit_pairs has any "
        "number of classes for each sample; fix: choose task=multi_label, or other data"
    )
    assert "multi_label" in registry.names("task")
