"""A run on scans of 12 bits, and what comes after it: all of them see the same grey levels."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from fmtool.runs.layout import INPUTS

pytest.importorskip("torch")

TRAIN = (
    "train", "model=mlp", "model.units=[16]", "data=image_folder", "data.path=scans", "epochs=5",
    "batch_size=16", "runtime.backend=torch", "logging=quiet", "logging.plots=false",
)  # fmt: skip


@pytest.fixture(scope="module")
def scanned(session_command, tmp_path_factory):
    """The command, and the JSON of a training on 12 bits that have the same upper 8."""
    command = session_command(tmp_path_factory.mktemp("scans"))
    rng = np.random.default_rng(0)
    for name, mean in (("healthy", 1850), ("lesion", 1980)):
        folder = command.folder / "scans" / name
        folder.mkdir(parents=True)
        for number in range(40):
            values = (mean + 12 * rng.standard_normal((12, 12))).astype(np.uint16)
            Image.fromarray(values).save(folder / f"{number:02}.png")
    outcome = command(*TRAIN, "--json")
    assert outcome.code == 0, outcome.err
    return command, outcome


def test_what_lies_in_the_lower_bits_is_learnt_and_kept_with_the_run(scanned):
    command, outcome = scanned
    assert outcome.json["metrics"]["accuracy"] == 1.0
    (run,) = command.runs
    levels = json.loads((run / INPUTS).read_text())["levels"]
    assert 1800 < levels["low"] < 1830
    assert 2000 < levels["high"] < 2040
    assert INPUTS in json.loads((run / "manifest.json").read_text())["artifacts"]
    assert (
        f"image_folder: pictures of more than 8 bits: {levels['low']:.0f} to {levels['high']:.0f}, "
        "the range of the training pictures, becomes 0 to 255"
    ) in outcome.err


@pytest.mark.slow  # two more processes; what they read is compared in test_picture_sets too
def test_evaluate_and_predict_apply_the_levels_of_the_run(scanned):
    command, outcome = scanned
    evaluated = command("evaluate", "run=last", "--json")
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json["accuracy"] == outcome.json["metrics"]["accuracy"]
    Image.fromarray(np.full((12, 12), 60_000, np.uint16)).save(command.folder / "far.png")
    (command.folder / "list.csv").write_text(
        "path\nscans/healthy/07.png\nscans/lesion/07.png\nfar.png\n"
    )
    predicted = command("predict", "run=last", "input=list.csv", "--json")
    assert predicted.code == 0, predicted.err
    labels = [each["label"] for each in predicted.json["predictions"]]
    assert labels == ["healthy", "lesion", "lesion"]
    assert "which become" in predicted.err
    assert predicted.err.endswith(": 1, such as far.png\n")


@pytest.mark.slow  # converts, and starts a process for each step of it
def test_a_bundle_gives_the_labels_of_the_run(scanned):
    command, _ = scanned
    pytest.importorskip("onnxruntime")
    exported = command("export", "run=last", "format=onnx", "bundle=true")
    assert exported.code == 0, exported.err
    folder = command.folder / "unpacked"
    with zipfile.ZipFile(command.runs[0] / "export" / "bundle.zip") as archive:
        archive.extractall(folder)
    pictures = sorted(map(str, (command.folder / "scans").glob("*/0*.png")))
    client = ["clients/predict_onnx.py", "onnx/model.onnx", *pictures]
    done = subprocess.run(
        [sys.executable, *client], cwd=folder, capture_output=True, text=True, check=True
    )
    found = [line.split("\t")[1] for line in done.stdout.splitlines()]
    assert found == ["healthy"] * 10 + ["lesion"] * 10
    asked = f"bundle={command.runs[0]}/export/bundle.zip"
    predicted = command("predict", asked, "input=scans/*/0*.png", "--json").json
    assert [each["label"] for each in predicted["predictions"]] == found
