"""`fmtool predict run=` asks the model of a run, in float32, about samples of one's own."""

import json
import subprocess
import sys

import numpy as np
import pytest

from fmtool.data.fetching import catalog

ONE_MODULE = """
import sys
from fmtool.cli.main import main
code = main(sys.argv[1:])
print([name for name in ("keras", "tensorflow", "torch", "jax") if name in sys.modules], code)
"""


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The test split in a file, and its labels."""
    split = catalog.load("digits", source="auto").test
    path = tmp_path_factory.mktemp("digits") / "digits.npy"
    np.save(path, np.asarray(split.x))
    return path, split.y


@pytest.fixture(scope="module")
def predicted(trained, digits):
    path, _ = digits
    command = ("predict", f"run={trained.directory}", f"input={path}", "top=2", "batch_size=50")
    return trained.command(*command, "probabilities=true", "--json")


def test_it_scores_as_the_run_was_reported(trained, digits, predicted):
    assert predicted.code == 0, predicted.err
    found = [int(each["label"]) for each in predicted.json["predictions"]]
    accuracy = float(np.mean(np.array(found) == digits[1]))
    assert accuracy == pytest.approx(trained.outcome.json["metrics"]["accuracy"], abs=0.01)


def test_it_names_the_run_and_counts_every_class(trained, digits, predicted):
    assert predicted.json["model"] == trained.directory.name
    assert predicted.json["predicted"] == len(digits[1]) == sum(predicted.json["counts"].values())
    assert predicted.err == ""


def test_probabilities_are_of_all_classes_and_sum_to_one(predicted):
    first = predicted.json["predictions"][0]
    assert list(first["probabilities"]) == [str(digit) for digit in range(10)]
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    largest = sorted(first["probabilities"].items(), key=lambda item: -item[1])[:2]
    assert [(each["label"], each["probability"]) for each in first["top"]] == largest


def test_the_run_is_left_as_it_was(trained, predicted):
    assert not list(trained.directory.rglob("*predict*"))


def test_the_manifest_names_the_classes(trained):
    manifest = json.loads((trained.directory / "manifest.json").read_text())
    names = [str(digit) for digit in range(10)]
    assert manifest["data"]["class_names"] == names
    assert manifest["data"]["target"] == {"kind": "label", "names": names}


def test_an_exported_file_is_run_without_keras(fmtool):
    pytest.importorskip("onnxruntime")
    import small_onnx

    small_onnx.write(fmtool.folder / "m.onnx", "features", (3,))
    np.save(fmtool.folder / "rows.npy", np.eye(3))
    outcome = fmtool.python(ONE_MODULE, "predict", "model=m.onnx", "input=rows.npy", "--json")
    assert outcome.out.splitlines()[-1] == "[] 0"


def test_standard_input_is_read_and_a_closed_pipe_ends_it(fmtool):
    pytest.importorskip("onnxruntime")
    import small_onnx

    small_onnx.write(fmtool.folder / "m.onnx", "features", (3,))
    command = [sys.executable, "-m", "fmtool.cli", "predict", "model=m.onnx", "input=-", "output=-"]
    ended = subprocess.run(
        command,
        cwd=fmtool.folder,
        env=fmtool.environment(),
        input="u,v,w\n0,0,1\n",
        capture_output=True,
        text=True,
    )
    (warning,) = ended.stderr.splitlines()
    assert "columns are taken by their places, since the model has no names" in warning
    assert ended.returncode == 0
    assert ended.stdout.splitlines()[1].startswith("2,blue,")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_run_and_what_it_exports_give_the_same_labels(fmtool, digits, backend):
    pytest.importorskip("tf2onnx")
    small = ("model=cnn", "model.filters=[4,8]", "epochs=3", "logging=quiet", "name=one")
    assert fmtool("train", *small, f"runtime.backend={backend}").code == 0
    formats = "format=onnx,litert,saved_model,openvino,torch,keras"
    assert fmtool("export", "run=one", formats, "--json").code == 0
    files = ("onnx/model.onnx", "litert/model.tflite", "saved_model/1", "openvino/model.xml",
             "torch/model.pt2", "keras/model.keras")  # fmt: skip
    labels = []
    for asked in ("run=one", *(f"model={fmtool.runs[0]}/export/{file}" for file in files)):
        outcome = fmtool("predict", asked, f"input={digits[0]}", "--json")
        assert outcome.code == 0, outcome.err
        labels.append([each["label"] for each in outcome.json["predictions"]])
    assert labels == [labels[0]] * 7


@pytest.mark.slow
def test_pictures_are_prepared_as_those_of_the_training_were(fmtool):
    from PIL import Image

    from fmtool.data.reading.image_files import read_image
    from fmtool.data.reading.picture_modes import Look

    random = np.random.default_rng(0)
    for number in range(40):
        side, name = 9 + number % 5, "bright" if number % 2 else "dark"
        pixels = random.integers(0, 128, (side, side + 6, 3)) + 127 * (number % 2)
        path = fmtool.folder / "pictures" / name / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    prepared = {"color": "grayscale", "resize_mode": "crop"}
    keys = ("data.resize=[8,8]", *(f"data.{key}={value}" for key, value in prepared.items()))
    train = ("train", "model=mlp", "data=image_folder", "data.path=pictures", *keys)
    assert fmtool(*train, "epochs=5", "batch_size=8", "logging=quiet").code == 0
    paths = sorted((fmtool.folder / "pictures").rglob("*.png"))
    look = Look(background="white", levels=None, size=(8, 8), max_pixels=1000, **prepared)
    np.save(fmtool.folder / "raw.npy", np.stack([read_image(path, look, None) for path in paths]))
    answers = []
    for words in ("pictures", "raw.npy"):
        outcome = fmtool("predict", "run=last", f"input={words}", "probabilities=true", "--json")
        assert outcome.code == 0, outcome.err
        answers.append([each["probabilities"] for each in outcome.json["predictions"]])
    assert answers[0] == answers[1]
    assert set(answers[0][0]) == {"bright", "dark"}
