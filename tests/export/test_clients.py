"""The example clients of a real export, where there is nothing but the runtime of their format."""

import csv
import os
import subprocess
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

PACKAGES = {
    "onnx": "onnxruntime",
    "litert": "ai-edge-litert",
    "openvino": "openvino",
    "torch": "torch",
}
FILES = {
    "onnx": "onnx/model.onnx",
    "litert": "litert/model.tflite",
    "openvino": "openvino/model.xml",
    "saved_model": "saved_model/1",
    "torch": "torch/model.pt2",
    "keras": "keras/model.keras",
}
OTHERS = {"fmtool", "keras", "tensorflow", "torch", "jax", "jaxlib"}
TEXTS = {"animals": ("cat", "dog", "cow"), "tools": ("saw", "axe", "drill")}


class Unpacked:
    """A bundle, and inputs for its models with the answers of the run."""

    def __init__(self, bundle, folder):
        self.folder = folder
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(folder)
        with np.load(folder / "samples.npz", allow_pickle=False) as found:
            self.samples, self.labels = found["samples"], found["label"]
            self.probabilities = found["probabilities"].max(axis=1)
        self.names = (folder / "labels.txt").read_text().splitlines()

    def check(self, python, name, inputs, **env):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        done = subprocess.run(
            [python, f"clients/predict_{name}.py", FILES[name], *inputs],
            cwd=self.folder,
            env=kept | env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        answers = [line.split("\t") for line in done.stdout.splitlines()]
        assert [answer[0] for answer in answers] == inputs
        assert [answer[1] for answer in answers] == [self.names[label] for label in self.labels]
        np.testing.assert_allclose(
            [float(answer[2]) for answer in answers], self.probabilities, rtol=0, atol=1e-3
        )


def unpacked(command, folder, *argv):
    outcome = command("export", "run=last", "bundle=true", *argv)
    assert outcome.code == 0, outcome.err
    return Unpacked(command.runs[-1] / "export" / "bundle.zip", folder)


@pytest.fixture(scope="module")
def digits(session_command, tmp_path_factory):
    """Of pictures, in every format."""
    root = tmp_path_factory.mktemp("digits")
    command = session_command(root)
    small = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "epochs=3")
    assert command("train", *small, "logging=quiet").code == 0
    found = unpacked(command, root / "unpacked", "format=all")
    found.inputs = []
    for number, pixels in enumerate(found.samples):
        grey = pixels[..., 0].astype(np.uint16) * 255 // 16
        Image.fromarray(grey.astype(np.uint8)).save(found.folder / f"{number}.png")
        found.inputs.append(f"{number}.png")
    return found


@pytest.fixture(scope="module")
def texts(session_command, tmp_path_factory):
    """Of sentences, of which the test split has ten."""
    pytest.importorskip("tokenizers")
    root = tmp_path_factory.mktemp("texts")
    command = session_command(root)
    rows = [
        (f"the {word} number {number}", label, "test" if number > 25 else "train")
        for number in range(30)
        for label, words in TEXTS.items()
        for word in words[: 1 if number > 25 else None]
    ]
    with (command.folder / "texts.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label", "split"), *rows])
    small = ("model=text_cnn", "model.filters=4", "model.embedding_dim=8", "epochs=2")
    data = ("data=text", "data.path=texts.csv", "data.split_column=split")
    trained = command("train", *small, *data, "logging=quiet")
    assert trained.code == 0, trained.err
    found = unpacked(command, root / "unpacked", "format=onnx")
    found.inputs = [text for text, _, split in rows if split == "test"]
    return found


def environment(folder, *packages):
    """The Python of a new environment; skips where pip reaches no index."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    wanted = [f"{package}=={version(package).partition('+')[0]}" for package in packages]
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", *wanted], capture_output=True, text=True
    )
    if installed.returncode:
        pytest.skip(f"pip cannot install {', '.join(wanted)}: {installed.stderr[-200:]}")
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True
    )
    there = {line.partition("==")[0] for line in listed.stdout.splitlines()}
    # Keras comes with TensorFlow.
    brought = {*packages, *(("keras",) if "tensorflow" in packages else ())}
    assert there & OTHERS == brought & OTHERS
    return str(python)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_client_of_pictures_needs_its_runtime_numpy_and_pillow(digits, tmp_path, name):
    pytest.importorskip(PACKAGES[name].replace("-", "_"))
    python = environment(tmp_path / "env", PACKAGES[name], "numpy", "pillow")
    digits.check(python, name, digits.inputs)


def test_a_client_of_texts_needs_its_runtime_numpy_and_tokenizers(texts, tmp_path):
    python = environment(tmp_path / "env", PACKAGES["onnx"], "numpy", "tokenizers")
    texts.check(python, "onnx", texts.inputs)


def test_clients_of_tensorflow_and_keras_need_them_numpy_and_pillow(digits, tmp_path):
    python = environment(tmp_path / "env", "tensorflow", "numpy", "pillow")
    quiet = {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    digits.check(python, "keras", digits.inputs, **quiet)
    # Nothing of Keras is needed to run a SavedModel, though it is there.
    Path(tmp_path, "keras.py").write_text("raise ImportError('not here')\n")
    digits.check(python, "saved_model", digits.inputs, PYTHONPATH=str(tmp_path), **quiet)
