"""A training of numbers, and every command on its run."""

import csv
import json

import numpy as np
import pytest

SMALL = (
    "data=diabetes", "task=regression", "task.loss=quantile", "model=mlp", "model.units=[8]",
    "epochs=6", "batch_size=32", "optimizer.learning_rate=0.02", "logging.tensorboard=false",
)  # fmt: skip


@pytest.fixture(scope="module")
def numbers(session_command, tmp_path_factory):
    """The command, and the outcome of a training."""
    command = session_command(tmp_path_factory.mktemp("numbers"))
    outcome = command("train", *SMALL, "runtime.backend=torch", "logging=quiet", "--json")
    assert outcome.code == 0, outcome.err
    return command, outcome


def test_a_run_keeps_the_scale_and_the_interval_and_names_the_headline(numbers):
    command, outcome = numbers
    (run,) = command.runs
    result = json.loads((run / "result.json").read_text())
    assert result["headline"] == ["mae"]
    assert result["metrics"]["r2"] > 0.2
    assert 0.7 < result["metrics"]["coverage"] <= 1
    assert set(result["artifacts"]) == {"task.json"}
    manifest = json.loads((run / "manifest.json").read_text())
    assert set(manifest["artifacts"]) == {"inputs.json", "targets.json"}
    assert json.loads((run / "task.json").read_text())["interval"] == 0.9
    assert outcome.json["metrics"] == result["metrics"]


def test_evaluation_gives_the_same_figures_and_judges_by_them(numbers):
    command, outcome = numbers
    again = command(
        "evaluate", "run=last", "gate.min.r2=0.2", "gate.max.rmse=1", "predictions=p.csv", "--json"
    )
    assert again.code == 4
    (run,) = command.runs
    assert {path.name for path in (run / "evaluation").iterdir()} == {
        "diabetes_test.json", "diabetes_test_predicted.png", "diabetes_test_residuals.png",
    }  # fmt: skip
    assert [(gate["metric"], gate["met"]) for gate in again.json["gates"]] == [
        ("r2", True), ("rmse", False),
    ]  # fmt: skip
    for name, value in outcome.json["metrics"].items():
        assert again.json[name] == value, name
    with (command.folder / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    true, value, low, high = (
        np.array([float(row[name]) for row in rows])
        for name in ("truth", "value", "lower", "upper")
    )
    assert np.abs(true - value).mean() == pytest.approx(again.json["mae"], rel=1e-6)
    assert ((low <= true) & (true <= high)).mean() == pytest.approx(again.json["coverage"])


def test_a_gate_on_what_nothing_defines_is_not_met(numbers):
    command, _ = numbers
    x = np.random.default_rng(0).normal(size=(12, 10)).astype(np.float32)
    np.savez(command.folder / "same.npz", x_test=x, y_test=np.full(12, 150.0))
    outcome = command(
        "evaluate", "run=last", "data=arrays", "data.path=same.npz", "data.target=numbers",
        "split=all", "gate.min.r2=-1000", "--json",
    )  # fmt: skip
    assert outcome.code == 4, outcome.err
    assert outcome.json["r2"] is None
    assert outcome.json["undefined"]["r2"] == "all true numbers of the split are the same"


def test_a_file_gives_values_quantiles_and_intervals_like_the_run(numbers):
    pytest.importorskip("onnxruntime")
    command, outcome = numbers
    exported = command("export", "run=last", "format=onnx", "--json")
    assert exported.code == 0, exported.err
    (row,) = exported.json["files"]
    assert set(row["outputs"]) == {"value", "lower", "upper", "quantiles"}
    assert row["score"]["mae"] == pytest.approx(outcome.json["metrics"]["mae"], rel=1e-4)
    (run,) = command.runs
    np.save(command.folder / "x.npy", np.zeros((3, 10), np.float32))
    model = f"model={run}/export/onnx/model.onnx"
    found = [
        command("predict", words, "input=x.npy", "--json").json["predictions"]
        for words in ("run=last", model)
    ]
    assert list(found[0][0]) == ["input", "progression", "progression lower", "progression upper"]
    for one, other in zip(*found, strict=True):
        for name in list(one)[1:]:
            assert one[name] == pytest.approx(other[name], rel=1e-4)


def test_it_is_reproduced_to_the_bit(numbers):
    command, _ = numbers
    outcome = command("reproduce", "last", "want=equal")
    assert outcome.code == 0, outcome.err
