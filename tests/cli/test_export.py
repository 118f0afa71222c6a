"""`fmtool export` as it is typed."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime import InferenceSession

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.data import digits
from fmtool.runs.layout import RunPaths

OTHER_WEIGHTS = """
from typing import Literal

from fmtool.export.formats import onnx
from fmtool.models.base import ModelConfig

exact = onnx.convert

def perturbed(network, path, options):
    for weight in network.weights:
        weight.assign(weight + 0.1)
    exact(network, path, options)

onnx.convert = perturbed

class Config(ModelConfig):
    name: Literal["other_weights"]
"""
"""A plugin that exports other weights than the run has."""


@pytest.fixture(scope="module")
def exported(trained, session_command, tmp_path_factory):
    """A copy of the shared run, exported to ONNX with and without 8-bit weights."""
    command = session_command(tmp_path_factory.mktemp("export"))
    shutil.copytree(trained.directory.parent, command.folder / "runs", symlinks=True)
    outcome = command(
        "export", "run=last", "format=onnx", "quantization=none,dynamic", "export.batch=8",
        "include=probabilities,logits,embedding", "export.agreement=0.5", "export.score_loss=1",
        "bundle=true", "export.any_size=true", "card.license=mit", "card.notes=~ours (a, b): 1",
        "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    return command, outcome


def folder_of(command):
    return command.runs[-1] / "export"


def test_the_report_on_stdout_is_the_one_in_the_folder(exported):
    command, outcome = exported
    assert json.loads((folder_of(command) / "export.json").read_text()) == outcome.json
    assert outcome.json["status"] == "completed"
    assert [row["path"] for row in outcome.json["files"]] == [
        "onnx/model.onnx",
        "onnx_dynamic/model.onnx",
    ]


def test_the_card_in_folder_and_bundle_has_what_a_person_said(exported):
    command, _ = exported
    with zipfile.ZipFile(folder_of(command) / "bundle.zip") as bundle:
        cards = [bundle.read("model_card.md").decode()]
    cards.append((folder_of(command) / "model_card.md").read_text(encoding="utf-8"))
    for card in cards:
        assert card.startswith("---\nlicense: mit\n")
        assert "\n## Notes\n\n~ours (a, b): 1\n\n<!--" in card


def test_the_reference_is_what_the_training_reported(exported):
    command, outcome = exported
    result = json.loads(RunPaths(command.runs[-1]).result.read_text())
    reported = result["metrics"]["accuracy"]
    assert outcome.json["reference"]["accuracy"] == pytest.approx(reported, abs=0.01)


def test_every_held_out_sample_was_compared_and_times_are_given(exported):
    row = exported[1].json["files"][0]
    samples = row["parity"]["samples"]
    assert samples == row["parity"]["agreeing"] > 300
    assert row["parity"]["differences"].keys() == {"probabilities", "logits", "embedding"}
    assert row["parity"]["differences"]["probabilities"]["max"] < 1e-5
    assert row["score"]["accuracy"] == exported[1].json["reference"]["accuracy"]
    assert 0 < row["latency_ms"]["8"]["p50"] <= row["latency_ms"]["8"]["p95"]
    pictures = row["parity"]["pictures"]
    assert (pictures["samples"], pictures["agreeing"]) == (15, 15)
    assert pictures["differences"]["probabilities"]["max"] < 1e-5
    assert row["samples_per_second"] > 0
    assert row["peak_memory_bytes"] > 10e6


def test_dense_layers_have_eight_bit_weights_where_that_was_asked_for(exported):
    plain, small = exported[1].json["files"]
    operations = [
        {node.op_type for node in onnx.load(folder_of(exported[0]) / row["path"]).graph.node}
        for row in (plain, small)
    ]
    assert "MatMulInteger" not in operations[0]
    assert "MatMulInteger" in operations[1]
    assert small["quantization"] == "dynamic"


def test_the_file_runs_without_fmtool_and_says_what_it_is(exported):
    command, outcome = exported
    session = InferenceSession(folder_of(command) / "onnx" / "model.onnx")
    (given,) = session.get_inputs()
    batch, *sides, channels = given.shape
    assert (given.name, given.type, batch, channels) == ("pixels", "tensor(uint8)", 8, 1)
    assert not any(isinstance(side, int) for side in sides)
    assert [each.name for each in session.get_outputs()] == [
        "probabilities", "logits", "label", "embedding",
    ]  # fmt: skip
    test = digits.load(validate.train_config(compose("train", [])).data).test
    probabilities, label = session.run(["probabilities", "label"], {"pixels": test.x[:8]})
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(8), abs=1e-5)
    assert label.tolist() == probabilities.argmax(axis=1).tolist()
    metadata = json.loads(session.get_modelmeta().custom_metadata_map["fmtool"])
    assert metadata["labels"] == [str(digit) for digit in range(10)]
    assert metadata["run"] == outcome.json["run"]


def test_the_labels_are_beside_it(exported):
    labels = (folder_of(exported[0]) / "onnx" / "labels.txt").read_text()
    assert labels.split() == [str(digit) for digit in range(10)]


def test_nothing_else_is_left_in_the_folder(exported):
    names = {path.name for path in folder_of(exported[0]).iterdir()}
    assert {"onnx", "onnx_dynamic", "export.json"} <= names
    assert not [name for name in names if name.startswith(".")]


def test_the_bundle_is_whole_and_its_models_give_the_answers_of_the_run(exported):
    command, _ = exported
    outcome = command("verify", str(folder_of(command) / "bundle.zip"), "run=true", "--json")
    assert outcome.code == 0, outcome.err
    assert [(answer["path"], answer["status"]) for answer in outcome.json["answers"]] == [
        ("onnx/model.onnx", "matches"),
        ("onnx_dynamic/model.onnx", "matches"),
    ]


def test_a_file_of_other_answers_ends_with_6_and_is_not_kept(exported):
    """Last of the tests of `exported`: it takes a file away."""
    command, _ = exported
    plugin = command.write("other_weights.py", OTHER_WEIGHTS)
    outcome = command("export", "run=last", "format=onnx", "--json", "--plugin", str(plugin))
    assert outcome.code == 6
    assert "onnx does not match the model: a probability differs by " in outcome.err
    assert outcome.json["status"] == "failed"
    assert outcome.json["failures"].keys() == {"onnx"}
    assert not (folder_of(command) / "onnx").exists()
    report = json.loads((folder_of(command) / "export.json").read_text())
    assert [row["name"] for row in report["files"]] == ["onnx_dynamic"]


def test_an_unknown_format_is_a_usage_error(trained, call):
    outcome = call("export", f"run={trained.directory}", "format=onix")
    assert outcome.code == 2
    assert "onix" in outcome.error
    assert "onnx" in outcome.error


def test_a_run_without_a_model_is_bad_data(trained, call, fmtool):
    unfinished = fmtool.folder / "unfinished"
    shutil.copytree(trained.directory, unfinished)
    (unfinished / "model.keras").unlink()
    outcome = call("export", f"run={unfinished}")
    assert outcome.code == 65
    assert outcome.error.endswith("fix: let the run finish, or train again")
    assert not (unfinished / "export").exists()


def test_a_key_that_neither_the_command_nor_the_run_has_is_refused(trained, call):
    outcome = call("export", f"run={trained.directory}", "export.opst=13")
    assert outcome.code == 2
    assert "export.opset" in outcome.error


def test_no_run_named_is_a_usage_error(call):
    assert call("export").error.startswith("error: run: no run named")


@pytest.mark.slow
def test_every_format_and_quantization_gives_the_answers_of_the_run(
    trained, session_command, tmp_path
):
    command = session_command(tmp_path)
    shutil.copytree(trained.directory.parent, command.folder / "runs", symlinks=True)
    outcome = command(
        "export", "run=last", "format=all", "quantization=all", "export.any_size=true",
        "export.agreement=0.9", "export.score_loss=0.05", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    found = {row["name"] for row in outcome.json["files"]}
    assert found == {
        "keras", "saved_model", "onnx", "onnx_float16", "onnx_dynamic", "onnx_int8", "litert",
        "litert_float16", "litert_dynamic", "openvino", "openvino_float16",
        "openvino_int8", "torch",
    }  # fmt: skip
    for row in outcome.json["files"]:
        if row["quantization"] == "none":
            assert row["parity"]["agreement"] == 1
            assert row["parity"]["differences"]["probabilities"]["max"] < 1e-5
    folder = folder_of(command)
    pictures = np.random.default_rng(0).integers(0, 17, (3, 19, 13, 1), np.uint8)
    found = [
        InferenceSession(folder / name / "model.onnx").run(["probabilities"], {"pixels": pictures})
        for name in ("onnx", "onnx_float16")
    ]
    np.testing.assert_allclose(found[0], found[1], atol=0.02)
    with zipfile.ZipFile(folder / "litert" / "model.tflite") as archive:
        assert json.loads(archive.read("fmtool.json"))["data"] == "digits"
    extras = Path(folder, "saved_model", "1", "assets.extra", "fmtool.json")
    assert json.loads(extras.read_text())["data"] == "digits"
    assert onnx.load(folder / "onnx_int8" / "model.onnx").producer_name == "fmtool"
