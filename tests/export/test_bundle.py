"""One archive with all that it takes to use, check and judge the files of an export."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fmtool.errors import ExportFailed, WriteFailed
from fmtool.export import archive, clients
from fmtool.export.clients import model_inputs
from fmtool.export.formats import NAMES

MEMBERS = [
    "README.md",
    "SHA256SUMS",
    "clients/model_inputs.py",
    "clients/predict_onnx.py",
    "export.json",
    "labels.txt",
    "model_card.md",
    "onnx/labels.txt",
    "onnx/model.onnx",
    "preprocessing.json",
    "samples.npz",
]


@pytest.fixture
def bundle(by_hand):
    with zipfile.ZipFile(by_hand.publish()) as opened:
        yield opened


def test_it_has_the_model_and_what_goes_with_it_in_order(bundle):
    assert bundle.namelist() == MEMBERS


def test_the_same_files_give_the_same_bytes_at_another_time(by_hand, monkeypatch):
    first = by_hand.publish().read_bytes()
    for path in by_hand.folder.rglob("*"):
        os.utime(path, (1e9, 1e9))
    (by_hand.folder / "onnx" / "model.onnx").chmod(0o600)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert by_hand.publish().read_bytes() == first


def test_no_member_tells_time_owner_or_compression(bundle):
    told = {
        (member.date_time, member.external_attr >> 16, member.compress_type, member.create_system)
        for member in bundle.infolist()
    }
    assert told == {((1980, 1, 1, 0, 0, 0), 0o100644, zipfile.ZIP_STORED, 3)}


def test_the_order_of_what_is_packed_does_not_matter(tmp_path):
    members = {"b": b"2", "a/c": b"1", "a": b"0"}
    for name, order in (("one", members), ("two", reversed(members.items()))):
        archive.write(tmp_path / name, dict(order))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_sums_are_those_of_every_other_member(bundle):
    lines = bundle.read("SHA256SUMS").decode().splitlines()
    assert lines == [
        f"{hashlib.sha256(bundle.read(name)).hexdigest()}  {name}"
        for name in MEMBERS
        if name != "SHA256SUMS"
    ]


def test_its_report_has_no_times(bundle, by_hand):
    report = json.loads(bundle.read("export.json"))
    (row,) = report["files"]
    assert not {"latency_ms", "samples_per_second", "peak_memory_bytes"} & set(row)
    assert row["parity"] == by_hand.export.rows[0]["parity"]
    assert report["manifest_digest"] == by_hand.release.metadata.manifest_digest
    assert report["reference"] == by_hand.export.reference


def test_its_samples_are_spread_over_the_held_out_ones_with_the_answers_of_the_run(bundle, by_hand):
    with np.load(io.BytesIO(bundle.read("samples.npz")), allow_pickle=False) as found:
        held_out = np.load(by_hand.release.samples)
        logits = held_out.reshape(len(held_out), -1).astype(np.float32) @ by_hand.weights
        rows = np.linspace(0, 39, 16, dtype=np.int64)
        np.testing.assert_array_equal(found["samples"], held_out[rows])
        np.testing.assert_array_equal(found["label"], logits[rows].argmax(axis=1))
        assert found["probabilities"].shape == (16, 10)


def test_it_has_no_samples_where_none_shall_leave_the_house(by_hand):
    with zipfile.ZipFile(by_hand.publish(samples=0)) as bundle:
        assert "samples.npz" not in bundle.namelist()
        assert "samples.npz" not in bundle.read("README.md").decode()


def test_preprocessing_is_stated_for_programs_and_for_people(bundle):
    told = json.loads(bundle.read("preprocessing.json"))
    assert told["input"] == {
        "name": "pixels",
        "kind": "image",
        "dtype": "uint8",
        "shape": [8, 8, 1],
        "batch": None,
        "maximum": 16,
    }
    assert told["preprocessing"]["resize_mode"] == "stretch"
    assert "Convert it to grayscale, 8 bits a channel." in told["steps"]


def test_the_readme_has_a_command_for_each_model(bundle):
    readme = bundle.read("README.md").decode()
    assert "pip install numpy pillow onnxruntime\n" in readme
    assert "python clients/predict_onnx.py onnx/model.onnx picture.png\n" in readme


def test_half_an_export_makes_no_bundle_and_leaves_none(by_hand):
    path = by_hand.publish()
    failed = by_hand.with_rows(*by_hand.export.rows, failures={"litert": ExportFailed("no")})
    failed.publish()
    assert not path.exists()
    assert (by_hand.folder / "model_card.md").is_file()


def test_an_archive_that_cannot_be_finished_leaves_the_one_before(by_hand, monkeypatch):
    path = by_hand.publish()
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "no space")

    monkeypatch.setattr(archive.shutil, "copyfileobj", full)
    with pytest.raises(WriteFailed):
        archive.write(path, {"a": b"1"})
    assert path.read_bytes() == before
    assert list(path.parent.glob(".fmtool-*")) == []


def test_every_format_has_a_client_that_imports_nothing_of_ours():
    texts = clients.texts(NAMES)
    assert set(texts) == {"model_inputs.py", *(f"predict_{name}.py" for name in NAMES)}
    imported = re.findall(r"(?:from|import) fmtool", "".join(texts.values()))
    assert imported == []


@pytest.mark.parametrize("name", NAMES)
def test_a_client_is_about_thirty_lines(name):
    assert len(clients.texts([name])[f"predict_{name}.py"].splitlines()) < 35


def test_a_client_has_the_name_of_no_package():
    assert not {name.removesuffix(".py") for name in clients.texts(NAMES)} & sys.stdlib_module_names
    assert all(name.startswith(("predict_", "model_inputs")) for name in clients.texts(NAMES))


def test_the_client_gives_the_labels_of_the_run(by_hand, tmp_path):
    pytest.importorskip("onnxruntime")
    with zipfile.ZipFile(by_hand.publish()) as bundle:
        bundle.extractall(tmp_path / "unpacked")
    held_out = np.load(by_hand.release.samples)[:2]
    for number, pixels in enumerate(held_out):
        grey = (pixels[..., 0].astype(np.uint16) * 255 // 16).astype(np.uint8)
        Image.fromarray(grey).save(tmp_path / f"{number}.png")
    np.save(tmp_path / "0.npy", held_out[0])
    command = [sys.executable, "clients/predict_onnx.py", "onnx/model.onnx"]
    inputs = [str(tmp_path / name) for name in ("0.png", "0.npy", "1.png")]
    done = subprocess.run(
        [*command, *inputs], cwd=tmp_path / "unpacked", capture_output=True, text=True
    )
    assert done.stderr == ""
    logits = held_out.reshape(2, -1).astype(np.float32) @ by_hand.weights
    labels = [str(label) for label in logits.argmax(axis=1)]
    answers = [line.split("\t") for line in done.stdout.splitlines()]
    assert [answer[0] for answer in answers] == inputs
    assert [answer[1] for answer in answers] == [labels[0], labels[0], labels[1]]
    assert answers[0][2] == answers[1][2]


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(20, 12), (12, 20), (8, 6)])
def test_a_client_resizes_as_the_training_did(tmp_path, mode, size):
    from fmtool.data.reading.resizing import resized

    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8))
    picture.save(tmp_path / "a.png")
    about = {
        "input": {
            "kind": "image", "dtype": "uint8", "shape": [8, 6, 3], "batch": None, "maximum": 255,
        },
        "preprocessing": {
            "color": "rgb", "background": "white", "levels": None, "resize_mode": mode,
        },
    }  # fmt: skip
    found = model_inputs.read(str(tmp_path / "a.png"), about, "")
    np.testing.assert_array_equal(found[0], np.asarray(resized(picture, (8, 6), mode)))


def test_a_client_makes_the_tokens_of_the_training(tmp_path):
    pytest.importorskip("tokenizers")
    from fmtool.data.tokenization import tokenizer

    texts = ["a cat sat [PAD] on a mat", "a dog", "", "a cat and a dog and a cat and a dog"]
    trained = tokenizer.train("word", texts, vocabulary_size=20, min_frequency=1, lowercase=True)
    tokenizer.set_length(trained, 6, truncate="end")
    (tmp_path / "tokenizer.json").write_text(trained.to_str())
    expected = tokenizer.table(trained, np.array([*texts, "an elk"], dtype=object))
    how = {"tokenizer": "tokenizer.json", "unknown": tokenizer.unknown_of(trained)}
    about = {
        "input": {"kind": "text", "dtype": "int32", "shape": [6], "batch": 3, "maximum": None},
        "preprocessing": how,
    }
    for text, tokens in zip([*texts, "an elk"], expected, strict=True):
        found = model_inputs.read(text, about, str(tmp_path / "model.onnx"))
        np.testing.assert_array_equal(found, [tokens] * 3)


def test_a_client_takes_numbers_from_the_command_line():
    about = {
        "input": {
            "kind": "features", "dtype": "float32", "shape": [2, 2], "batch": None, "maximum": None,
        },
        "preprocessing": {},
    }  # fmt: skip
    found = model_inputs.read("1,2.5,-3,4e1", about, "")
    np.testing.assert_array_equal(found, np.array([[[1, 2.5], [-3, 40]]], np.float32))


def test_only_the_clients_of_the_formats_are_packed(by_hand):
    (row,) = by_hand.export.rows
    folder = by_hand.folder / "litert"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(b"TFL3")
    digest = hashlib.sha256(b"TFL3").hexdigest()
    other = {**row, "name": "litert", "format": "litert", "path": "litert/model.tflite"}
    export = replace(by_hand.export, rows=({**other, "sha256": {"model.tflite": digest}},))
    by_hand.release.publish(export, bundles=True, samples=0)
    with zipfile.ZipFile(by_hand.folder / "bundle.zip") as bundle:
        scripts = [name for name in bundle.namelist() if name.startswith("clients/")]
    assert scripts == ["clients/model_inputs.py", "clients/predict_litert.py"]
