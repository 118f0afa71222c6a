"""Files that read pictures of any size are tried on other sizes than the trained one."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from exported_by_hand import resizing_onnx, write_outputs
from PIL import Image

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.data import image_folder
from fmtool.data.splitting import loading
from fmtool.errors import ExportFailed
from fmtool.export import files, other_sizes
from fmtool.export.export_job import REFERENCE_PICTURES, ExportJob
from fmtool.export.metadata import input_of
from fmtool.export.plan import Target

TARGET = Target("onnx", "none")


@pytest.fixture
def pictured(by_hand, tmp_path):
    """Of a release whose model reads any size: a function that packs it with a right or wrong one.

    The network is linear, on grey pictures of 8x8 pixels from 0 to 255.
    """
    release = by_hand.release
    element = replace(release.data.splits.element, maximum=255)
    metadata = replace(release.metadata, input=input_of(element, any_size=True, batch=None))
    random = np.random.default_rng(3)
    originals = [random.integers(0, 256, (21, 30, 1), np.uint8) for _ in range(3)]
    paths = other_sizes.write(release.data, originals, tmp_path / "pictures", metadata)
    at_size = np.load(tmp_path / "pictures" / other_sizes.RESIZED)
    logits = at_size.reshape(len(at_size), -1).astype(np.float32) @ by_hand.weights
    write_outputs(tmp_path / REFERENCE_PICTURES, logits)
    release = replace(release, metadata=metadata, pictures=paths)

    def pack(*, antialias):
        path = by_hand.folder / "onnx" / "model.onnx"
        resizing_onnx(path, by_hand.weights, metadata, antialias=antialias)
        (row,) = by_hand.export.rows
        # ONNX has no whole numbers in between.
        allowed = {"probabilities": {"max": 0.01, "mean": 0.001}}
        pictures = {"samples": 15, "agreeing": 15, "differences": allowed}
        compared = {**row["parity"], "pictures": pictures}
        made = replace(by_hand, release=release)
        rows = {**row, **files.describe(path.parent), "parity": compared}
        return made.with_rows(rows).publish()

    pack.paths = paths
    return pack


def test_pictures_are_larger_and_smaller_wide_and_tall_and_as_they_are_on_disk(pictured):
    sizes = {path.name: Image.open(path).size for path in pictured.paths if path.name[0] == "0"}
    assert sizes == {
        "0-own.png": (30, 21), "0-larger.png": (59, 39), "0-smaller.png": (4, 5),
        "0-wide.png": (90, 21), "0-tall.png": (30, 63),
    }  # fmt: skip
    assert len(pictured.paths) == 15


def test_verify_tries_the_pictures_of_a_bundle(call, pictured):
    pytest.importorskip("onnxruntime")
    path = pictured(antialias=1)
    outcome = call("verify", str(path), "run=true", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["samples"] == outcome.json["answers"][0]["agreeing"] == 31
    with zipfile.ZipFile(path) as archive:
        answers = json.loads(archive.read("pictures/answers.json"))["pictures"]
        assert {f"pictures/{each['file']}" for each in answers} < set(archive.namelist())
        assert "`pictures/`" in archive.read("README.md").decode()
        document = json.loads(archive.read("preprocessing.json"))
    assert document["resized_by"] == "model"
    assert document["steps"][-1] == (
        "Leave its size: the model resizes it to 8x8 by itself, with a bilinear filter to that "
        "size, whatever its proportions."
    )


def test_the_client_of_a_bundle_gives_the_labels_of_the_run_for_its_pictures(pictured, tmp_path):
    pytest.importorskip("onnxruntime")
    with zipfile.ZipFile(pictured(antialias=1)) as archive:
        archive.extractall(tmp_path / "unpacked")
        answers = json.loads(archive.read("pictures/answers.json"))["pictures"]
        names = archive.read("labels.txt").decode().splitlines()
    given = [f"pictures/{each['file']}" for each in answers]
    done = subprocess.run(
        [sys.executable, "clients/predict_onnx.py", "onnx/model.onnx", *given],
        cwd=tmp_path / "unpacked",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = [line.split("\t")[:2] for line in done.stdout.splitlines()]
    assert found == [
        [path, names[each["label"]]] for path, each in zip(given, answers, strict=True)
    ]


def test_a_model_that_resizes_otherwise_than_the_run_does_not_match(call, pictured):
    pytest.importorskip("onnxruntime")
    outcome = call("verify", str(pictured(antialias=0)), "run=true")
    assert outcome.code == 6
    assert "onnx/model.onnx does not match: pictures of other sizes: a probability" in outcome.error


@pytest.mark.parametrize("quantization", ["none", "int8"])
def test_an_export_whose_file_resizes_otherwise_is_not_kept(by_hand, tmp_path, quantization):
    release = by_hand.release
    options = validate.export_config(compose("export", ["run=last"])).export
    job = ExportJob(
        options, tmp_path, tmp_path, tmp_path, release.measured, None, {}, {}, [], [tmp_path]
    )
    logits = np.random.default_rng(0).normal(size=(20, 10)).astype(np.float32)
    for name in (REFERENCE_PICTURES, "pictures_raw", "pictures_at_size"):
        write_outputs(tmp_path / name, logits)
    target = Target("onnx", quantization)
    compared = job._compare_pictures(target, release.metadata)
    assert (compared["samples"], compared["agreeing"]) == (20, 20)
    for name, values in (("pictures_raw", -logits), ("pictures_at_size", logits)):
        write_outputs(tmp_path / name, values)
    with pytest.raises(ExportFailed, match="does not match the model for pictures of other sizes"):
        job._compare_pictures(target, release.metadata)


def test_a_quantized_file_is_judged_by_what_it_gives_for_the_same_pictures_at_its_size(
    by_hand, tmp_path
):
    """What the quantization costs was measured on the samples already."""
    options = validate.export_config(compose("export", ["run=last"])).export
    job = ExportJob(
        options,
        tmp_path,
        tmp_path,
        tmp_path,
        by_hand.release.measured,
        None,
        {},
        {},
        [],
        [tmp_path],
    )  # fmt: skip
    logits = np.random.default_rng(0).normal(size=(20, 10)).astype(np.float32)
    write_outputs(tmp_path / REFERENCE_PICTURES, -logits)
    for name in ("pictures_raw", "pictures_at_size"):
        write_outputs(tmp_path / name, logits)
    compared = job._compare_pictures(Target("onnx", "int8"), by_hand.release.metadata)
    assert compared["agreeing"] < 20


def test_test_samples_of_a_folder_are_decoded_at_the_size_they_have_on_disk(tmp_path):
    for number in range(12):
        for name, height in (("a", 9), ("b", 14)):
            folder = tmp_path / "pictures" / name
            folder.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (10 + number, height), (number, 0, 0)).save(
                folder / f"{number:02}.png"
            )
    overrides = [
        "data=image_folder", f"data.path={tmp_path / 'pictures'}", "data.resize=[4,4]",
    ]  # fmt: skip
    cfg = validate.train_config(compose("train", overrides)).data
    test = loading.load(cfg, seed=0).splits.test
    rows = other_sizes.rows_of(len(test))
    originals = image_folder.originals(cfg, rows, {})
    for row, pixels in zip(rows, originals, strict=True):
        number = int(pixels[0, 0, 0])
        assert pixels.shape == (9 if test.y[row] == 0 else 14, 10 + number, 3)
        assert int(test.x[int(row)][0, 0, 0]) == number
