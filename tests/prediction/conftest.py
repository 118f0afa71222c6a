"""Models in the folder of the command, which is called in this process and needs no Keras."""

import io
import sys

import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import small_onnx  # noqa: E402
from PIL import Image  # noqa: E402 - what is missing skips these tests

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


@pytest.fixture
def predict(call):
    """`fmtool predict` in a folder with a model of images, one of texts and one of numbers."""

    def run(model, *argv):
        return call("predict", f"model={model}.onnx", *argv)

    return run


@pytest.fixture
def models(fmtool):
    """Of pictures of 4x4 pixels, and of three numbers; the answer is the largest."""
    small_onnx.write(fmtool.folder / "image.onnx", "image", (4, 4, 3))
    small_onnx.write(fmtool.folder / "numbers.onnx", "features", (3,))
    return fmtool.folder


@pytest.fixture
def pictures(models):
    """Three pictures in two folders, named so that their order is not that of the colours."""
    for name, colour in (("a.png", "blue"), ("b/c.png", "green"), ("b/d.png", "red")):
        save(models / "pictures" / name, COLOURS[colour])
    return models / "pictures"


def save(path, colour, size=(4, 4), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)


@pytest.fixture
def save_picture():
    return save


@pytest.fixture
def stdin(monkeypatch):
    """Puts a text where the command reads standard input."""

    def put(text):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put
