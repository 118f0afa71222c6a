"""A task of one's own whose output is two numbers goes through export, verify and predict."""

import csv
import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from fmtool.config.compose import compose

PLUGIN = Path(__file__).parents[1] / "two_numbers.py"

KERNEL = np.array([[100, 0], [0, 1], [0, -1], [0.5, 0]], np.float32)
BIAS = np.array([500, 0], np.float32)


def write_run(command, trained):
    """A run of the task as a training would leave it, whose network is known."""
    run = command.folder / "runs" / "two"
    run.mkdir(parents=True)
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 4)).astype(np.float32)
    y = np.stack([100 * x[:, 0] + 500, x[:, 1] - x[:, 2]], axis=1).astype(np.float64)
    path = command.folder / "data.npz"
    np.savez(path, x_train=x[:150], y_train=y[:150], x_test=x[150:], y_test=y[150:])
    np.save(command.folder / "x.npy", x[150:])
    config = compose("train", ["data=arrays", f"data.path={path}"])
    config["task"] = {"name": "two_numbers"}
    config["runtime"] = yaml.safe_load((trained.directory / "config.yaml").read_text())["runtime"]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    manifest = json.loads((trained.directory / "manifest.json").read_text())
    target = {"kind": "numbers", "names": ["y0", "y1"], "shape": [2]}
    manifest |= {"config": config, "data": {"target": target}}
    (run / "manifest.json").write_text(json.dumps(manifest))
    samples = keras.Input((4,), name="features")
    dense = keras.layers.Dense(2)
    network = keras.Model(samples, dense(samples))
    dense.set_weights([KERNEL, BIAS])
    network.save(run / "model.keras")
    return run, x[150:], y[150:]


@pytest.fixture(scope="module")
def exported(trained, session_command, tmp_path_factory):
    """The command, the run, what was printed, and what the network gives for the test split."""
    pytest.importorskip("tf2onnx")
    pytest.importorskip("ai_edge_litert")
    command = session_command(tmp_path_factory.mktemp("own_task"))
    run, x, y = write_run(command, trained)
    outcome = command(
        "export", "--plugin", str(PLUGIN), "run=two", f"data.path={command.folder / 'data.npz'}",
        "format=onnx,litert", "bundle=true", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    expected = y + np.stack([0.5 * x[:, 3], np.zeros(len(x))], axis=1)
    return command, run, outcome, expected


def test_files_are_compared_in_standard_deviations_and_scored_by_the_headline(exported):
    _, run, outcome, expected = exported
    error = float(
        np.mean(np.abs(expected[:, 0] - 500 - 100 * np.load(run.parents[1] / "x.npy")[:, 0])) / 2
    )
    assert outcome.json["reference"] == {"mae": pytest.approx(error, rel=1e-3)}
    for row in outcome.json["files"]:
        assert row["score"] == {"mae": pytest.approx(error, rel=1e-3)}
        assert row["outputs"] == {"value": "float32"}
        difference = row["parity"]["differences"]["value"]
        assert difference["deviations"] == pytest.approx(expected.std(axis=0), rel=1e-4)
        assert 0 <= difference["relative"] < 1e-5
        assert "agreement" not in row["parity"]
    assert "a value differs by at most" in outcome.err


def test_a_bundle_has_no_labels_and_is_verified_without_the_task(exported):
    command, run, _, _ = exported
    bundle = run / "export" / "bundle.zip"
    with zipfile.ZipFile(bundle) as archive:
        assert "labels.txt" not in archive.namelist()
        report = json.loads(archive.read("export.json"))
        card = archive.read("model_card.md").decode()
    assert report["target"] == {"kind": "numbers", "names": ["y0", "y1"], "shape": [2]}
    assert "| mae |" in card
    assert "It was trained for 2 numbers for each sample" in card
    outcome = command("verify", str(bundle), "run=true", "--json")
    assert outcome.code == 0, outcome.err
    assert [(each["status"], each["agreeing"]) for each in outcome.json["answers"]] == [
        ("matches", None),
        ("matches", None),
    ]
    assert outcome.json["samples"] == 16
    lines = command("verify", str(bundle), "run=true").out.splitlines()
    assert lines[1].startswith("onnx/model.onnx: matches, largest difference ")


def test_every_model_predicts_the_numbers(exported):
    command, run, _, expected = exported
    models = ("run=two", "model={0}/onnx/model.onnx", "model={0}/litert/model.tflite",
              "bundle={0}/bundle.zip")  # fmt: skip
    for model in models:
        asked = model.format(run / "export")
        outcome = command(
            "predict", "--plugin", str(PLUGIN), asked, "input=x.npy", "output=found.csv"
        )
        assert outcome.code == 0, outcome.err
        with (command.folder / "found.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == ["input", "y0", "y1"]
        found = np.array([[float(cell) for cell in row[1:]] for row in rows])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_json_and_the_options_of_classes(exported):
    command, run, _, expected = exported
    words = ("predict", "--plugin", str(PLUGIN), f"model={run}/export/onnx/model.onnx")
    outcome = command(*words, "input=x.npy", "--json")
    assert outcome.json["counts"] == {}
    assert outcome.json["predictions"][0] == {
        "input": "0",
        "y0": pytest.approx(expected[0, 0], rel=1e-4),
        "y1": pytest.approx(expected[0, 1], abs=1e-4),
    }
    refused = command(*words, "input=x.npy", "top=2")
    assert refused.code == 2
    assert refused.error.endswith("gives no probabilities of classes; fix: leave out top=")


def test_a_file_of_a_task_that_is_not_there_is_a_mistake_of_use(exported):
    command, run, _, _ = exported
    outcome = command("predict", f"model={run}/export/onnx/model.onnx", "input=x.npy")
    assert outcome.code == 2
    assert "no task is called 'two_numbers'" in outcome.error


def test_the_client_of_the_bundle_prints_the_numbers(exported, tmp_path):
    command, run, _, expected = exported
    with zipfile.ZipFile(run / "export" / "bundle.zip") as archive:
        archive.extractall(tmp_path)
    given = ",".join(map(str, np.load(command.folder / "x.npy")[0].tolist()))
    code = (
        "import runpy, sys; sys.path.insert(0, 'clients'); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    shutil.copytree(tmp_path, command.folder / "u", dirs_exist_ok=True)
    client = command.folder / "u" / "clients"
    outcome = command.python(
        code.replace("'clients'", repr(str(client))),
        str(client / "predict_onnx.py"),
        str(command.folder / "u" / "onnx" / "model.onnx"),
        given,
    )
    assert outcome.code == 0, outcome.err
    said = outcome.out.strip().split("\t")[1].removeprefix("value=").split(",")
    assert [float(each) for each in said] == pytest.approx(expected[0].tolist(), rel=1e-3)
