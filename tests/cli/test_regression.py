"""A training of numbers, and every command on its run."""

import csv
import json
import shlex

import numpy as np
import pytest
from PIL import Image

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
        "diabetes_test_largest_errors.png", "diabetes_test_largest_errors.txt",
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


LOSSES = {
    "mse": ("task.transform=log",),
    "poisson": (),
    "quantile": ("task.transform=log1p", "model.units=[16,16]"),
}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_keeps_its_numbers_in_every_format(fmtool, loss, backend):
    words = (f"task.loss={loss}", *LOSSES[loss], f"runtime.backend={backend}", "logging=quiet")
    assert fmtool("train", *SMALL, *words).code == 0
    formats = "onnx,torch" if backend == "torch" else "onnx,litert,openvino,saved_model"
    outcome = fmtool("export", "run=last", f"format={formats}", "bundle=true", "--json")
    assert outcome.code == 0, outcome.err
    assert len(outcome.json["files"]) == formats.count(",") + 1
    for row in outcome.json["files"]:
        assert row["parity"]["differences"]["value"]["relative"] < 1e-3
    (run,) = fmtool.runs
    assert fmtool("verify", str(run / "export" / "bundle.zip"), "run=true").code == 0


@pytest.mark.slow
def test_the_recipe_is_as_good_as_ridge_regression_on_its_folds(fmtool):
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from fmtool.config.compose import compose
    from fmtool.training.session import load_data
    from fmtool.validate import train_config

    words = ("experiment=diabetes_linear", "logging=quiet", "runtime.backend=torch")
    outcome = fmtool("train", "-m", *words, "data.fold=range(5)", "--json")
    assert outcome.code == 0, outcome.err
    reached = [each["metrics"]["r2"] for each in outcome.json["runs"]]
    ridge = []
    for fold in range(5):
        data = load_data(train_config(compose("train", [words[0], f"data.fold={fold}"])))
        train, test = data.splits.train.take(data.selection.train), data.splits.test
        fitted = make_pipeline(StandardScaler(), Ridge()).fit(train.x, train.y)
        ridge.append(fitted.score(test.x, test.y))
    print(f"R2 of five folds: {np.mean(reached):.4f}, of ridge regression {np.mean(ridge):.4f}")
    assert np.mean(reached) >= np.mean(ridge) - 0.01


def write_texts(folder):
    rows = (f"{'glad ' * (n % 7)}{n},{n % 7 + 0.5}" for n in range(120))
    (folder / "set.csv").write_text("\n".join(["text,score", *rows]) + "\n")
    return "set.csv", "data=text"


def write_pictures(folder):
    (folder / "pictures").mkdir()
    rows = ["path,brightness"]
    for n in range(120):
        Image.fromarray(np.full((12, 12), 2 * n, np.uint8)).save(folder / "pictures" / f"{n}.png")
        rows.append(f"{n}.png,{n / 60:.4f}")
    (folder / "pictures" / "table.csv").write_text("\n".join(rows) + "\n")
    return "pictures/table.csv", "data=image_folder"


def write_series(folder):
    x = np.random.default_rng(0).normal(size=(120, 6, 2)).astype(np.float32)
    np.savez(folder / "set.npz", x=x, y=np.stack([x.mean(axis=(1, 2)), x[:, 0, 0]], axis=1))
    return "set.npz", "data=arrays"


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_texts, write_pictures, write_series])
def test_what_inspect_proposes_for_numbers_trains(call, fmtool, write):
    path, data = write(fmtool.folder)
    found = json.loads(call("data", "inspect", f"path={path}", "--json").out)
    assert (found["target"]["kind"], found["tasks"]) == ("numbers", ["regression"])
    words = shlex.split(found["next"][0])[1:]
    assert {data, "task=regression"} <= set(words)
    outcome = fmtool(*words, "epochs=2", "logging=quiet", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["mae"] > 0


@pytest.mark.slow
def test_a_study_goes_by_the_error_and_a_sweep_compares_losses_by_it(fmtool):
    small = ("data=diabetes", "task=regression", "model=mlp", "epochs=2", "logging=quiet")
    tuned = fmtool(
        "tune", "study=s", *small, "optimizer.learning_rate=1e-3..1e-1:log", "budget.trials=2",
        "gate.max.val_mae=1000", "--json",
    )  # fmt: skip
    assert tuned.code == 0, tuned.err
    assert "min val_mae" in json.dumps(tuned.json)
    swept = fmtool("train", "-m", *small, "task.loss=mse,mae,quantile", "--json")
    assert swept.code == 0, swept.err
    assert all(run["metrics"]["coverage"] > 0.5 for run in swept.json["runs"])
