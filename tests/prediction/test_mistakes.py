"""Mistakes are one line that names the fix."""

import importlib.util

import numpy as np
import pytest
import small_onnx

PICTURES = ("input=pictures",)


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("model=image.onnx",), 2, "input: nothing named"),
        (PICTURES, 2, "no model named; fix: write run=last, model=FILE or bundle=FILE"),
        (("run=last", "model=image.onnx", *PICTURES), 2, "run and model: one model at a time"),
        (("model=nope.onnx", *PICTURES), 2, "model=nope.onnx: no such file"),
        (("bundle=nope.zip", *PICTURES), 2, "bundle=nope.zip: no such file"),
        (("run=nope", *PICTURES), 2, "there is no run 'nope' in runs"),
        (("model=pictures/a.png", *PICTURES), 65, "pictures/a.png is no exported model"),
        (("model=image.onnx", "input=nope"), 2, "input=nope: no such file or folder"),
        (("model=image.onnx", "input=*.jpg"), 2, "input=*.jpg: fits no file"),
        (("model=image.onnx", "input=**/*"), 2, "input=**/* fits files of several kinds"),
        (("model=numbers.onnx", *PICTURES), 65, "input=pictures: pictures, but numbers.onnx reads"),
        (("model=image.onnx", "input=-"), 65, "input=-: standard input, but image.onnx reads"),
        (("model=image.onnx", *PICTURES, "top=4"), 2, "top=4: the model tells 3 classes apart"),
        (("model=image.onnx", *PICTURES, "top=0"), 2, "top=0 is not accepted"),
        (("model=image.onnx", *PICTURES, "output=x.txt"), 2, "output=x.txt: neither .csv nor"),
        (("model=image.onnx", *PICTURES, "output=no/x.csv"), 73, "cannot create no/x.csv"),
        (("model=image.onnx", *PICTURES, "format=onnx"), 2, "format=onnx is of a bundle"),
        (("model=image.onnx", *PICTURES, "runtime.device=cpu"), 2, "runtime.* is of a run"),
        (("model=image.onnx", *PICTURES, "tpo=2"), 2, "unknown key 'tpo'; fix: did you mean 'top'"),
        (("model=image.onnx", *PICTURES, "on_error=stop"), 2, "on_error=stop is not accepted"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(call, pictures, argv, code, said):
    outcome = call("predict", *argv)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.error.startswith(f"error: {said}")


def test_one_object_and_rows_cannot_share_standard_output(call, pictures):
    outcome = call("predict", "model=image.onnx", *PICTURES, "output=-", "--json")
    assert (outcome.code, outcome.json["error"]["type"]) == (2, "UsageError")


def test_a_missing_runtime_is_named_with_what_installs_it(call, pictures, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "fmtool.export.runtimes.find_spec",
        lambda name: None if name == "onnxruntime" else found(name),
    )
    outcome = call("predict", "model=image.onnx", *PICTURES)
    assert (outcome.code, outcome.error) == (
        2, "error: image.onnx needs onnxruntime, which is not installed; "
        "fix: pip install 'onnxruntime>=1.26'",
    )  # fmt: skip


def test_a_file_that_fmtool_did_not_write_is_bad_data(call, models):
    made = small_onnx.model("features", (3,))
    del made.metadata_props[:]
    (models / "other.onnx").write_bytes(made.SerializeToString())
    np.save(models / "rows.npy", np.eye(3))
    outcome = call("predict", "model=other.onnx", "input=rows.npy")
    assert outcome.code == 65
    assert outcome.error.startswith("error: other.onnx does not say what it reads and gives")


def test_a_name_with_a_quote_and_spaces_is_a_path(call, pictures):
    (pictures.parent / "image.onnx").rename(pictures.parent / "it's mine.onnx")
    outcome = call("predict", "model=it's mine.onnx", *PICTURES, "--json")
    assert outcome.json["model"] == "it's mine.onnx"
