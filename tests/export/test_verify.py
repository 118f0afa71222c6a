"""`fmtool verify` finds whatever is missing, changed or too much, and a model that answers else."""

import io
import json
import os
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from exported_by_hand import linear_onnx, repacked
from label_outputs import classes, declared

from fmtool.export import files

FIX = "; fix: get the bundle again, or export it again with bundle=true"


@pytest.fixture
def bundle(by_hand):
    return by_hand.publish()


def with_report(bundle, **changes):
    """Of its only file, in export.json."""
    with zipfile.ZipFile(bundle) as opened:
        report = json.loads(opened.read("export.json"))
    report["files"][0] |= changes
    repacked(bundle, {"export.json": json.dumps(report).encode()}, sums=True)


def test_a_whole_bundle_ends_with_0_and_a_line(call, bundle):
    outcome = call("verify", str(bundle))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"{bundle}: 11 files, whole\n"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"onnx/labels.txt": b"other\n"}, "onnx/labels.txt is not what SHA256SUMS says"),
        ({"onnx/labels.txt": None}, "onnx/labels.txt is missing"),
        ({"onnx/extra.so": b"\x7fELF"}, "onnx/extra.so is not in SHA256SUMS"),
        ({"README.md": None}, "README.md is missing"),
        ({"SHA256SUMS": None}, "SHA256SUMS is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_member_that_was_touched_is_named(call, bundle, changes, line):
    repacked(bundle, changes)
    outcome = call("verify", str(bundle))
    assert outcome.code == 65
    assert outcome.error == f"error: {bundle}: {line}{FIX}"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"onnx/extra.so": b"\x7fELF"}, "onnx/extra.so belongs to no bundle"),
        (
            {"onnx/labels.txt": b"other\n"},
            "export.json lists onnx/labels.txt, which is not what it says",
        ),
        ({"onnx/labels.txt": None}, "export.json lists onnx/labels.txt, which is missing"),
        ({"clients/predict_onnx.py": None}, "clients/predict_onnx.py is missing"),
        (
            {"export.json": b'{"files": [{"name": "onnx"}]}'},
            "export.json is malformed: files.0.format: field required",
        ),
        (
            {"export.json": b'{"files": []}'},
            "export.json is malformed: files: list should have at least 1 item after validation, "
            "not 0",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sums_that_were_made_to_fit_do_not_hide_it(call, bundle, changes, line):
    repacked(bundle, changes, sums=True)
    outcome = call("verify", str(bundle))
    assert outcome.code == 65
    assert outcome.error == f"error: {bundle}: {line}{FIX}"


def test_a_model_that_the_report_names_and_has_not_is_missing(call, bundle):
    with_report(bundle, path="onnx/other.onnx")
    assert "onnx/other.onnx is missing" in call("verify", str(bundle)).error


def test_every_problem_has_a_line(call, bundle):
    repacked(bundle, {"labels.txt": b"", "model_card.md": b"", "a": b""})
    outcome = call("verify", str(bundle), "--json")
    assert outcome.json["problems"] == [
        "a is not in SHA256SUMS",
        "labels.txt is not what SHA256SUMS says",
        "model_card.md is not what SHA256SUMS says",
    ]
    assert (outcome.json["status"], outcome.json["exit_code"]) == ("failed", 65)
    assert len(outcome.err.splitlines()) == 3


@pytest.mark.parametrize("name", ["onnx/model.onnx", "model_card.md", "samples.npz"])
def test_a_flipped_bit_is_found(call, bundle, name):
    with zipfile.ZipFile(bundle) as opened:
        begin = opened.getinfo(name).header_offset
    content = bytearray(bundle.read_bytes())
    content[begin + 1000] ^= 1
    bundle.write_bytes(content)
    outcome = call("verify", str(bundle))
    assert (outcome.code, outcome.error) == (
        65,
        f"error: {bundle}: {name} is damaged{FIX}",
    )


@pytest.mark.parametrize("keep", [0, 1000, -30])
def test_a_bundle_that_was_cut_off_is_damaged(call, bundle, keep):
    bundle.write_bytes(bundle.read_bytes()[:keep])
    outcome = call("verify", str(bundle))
    assert outcome.code == 65
    assert outcome.error.startswith(f"error: {bundle} is no whole archive")


@pytest.mark.parametrize("place", ["before", "behind"])
def test_nothing_may_hide_around_the_members(call, bundle, place):
    content = bundle.read_bytes()
    if place == "before":
        bundle.write_bytes(b"#!/bin/sh\n" + content)
    else:
        with zipfile.ZipFile(bundle, "a") as opened:
            opened.comment = b"more"
    outcome = call("verify", str(bundle))
    assert outcome.code == 65
    assert outcome.error.startswith(f"error: {bundle} is no whole archive")


def test_what_is_not_there_is_said(call):
    outcome = call("verify", "nowhere.zip")
    assert (outcome.code, outcome.error) == (65, "error: nowhere.zip: no such file or directory")


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/cron", "a/../../b", "C:/b", "a\\b", "./a", "a\nb"]
)
def test_a_member_that_leads_out_is_refused(call, bundle, name, tmp_path):
    repacked(bundle, {name: b"1"})
    before = set(tmp_path.rglob("*"))
    outcome = call("verify", str(bundle), "run=true")
    assert outcome.code == 77
    assert "would lead out of its folder" in outcome.error
    assert set(tmp_path.rglob("*")) == before


def test_a_link_is_refused(call, bundle):
    link = zipfile.ZipInfo("onnx/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(bundle, "a") as opened:
        opened.writestr(link, "/etc/passwd")
    assert call("verify", str(bundle)).code == 77


@pytest.mark.parametrize("kind", ["compressed", "doubled", "folder"])
def test_what_fmtool_never_writes_is_no_bundle(call, bundle, kind):
    with zipfile.ZipFile(bundle, "a", zipfile.ZIP_DEFLATED) as opened:
        if kind == "compressed":
            opened.writestr("bomb", bytes(1 << 20))
        if kind == "doubled":
            with pytest.warns(UserWarning, match="Duplicate"):
                opened.writestr("labels.txt", "other")
        if kind == "folder":
            opened.writestr("onnx/", "")
    assert call("verify", str(bundle)).code == 65


def test_members_that_share_bytes_are_no_bundle(call, bundle):
    """As a bomb of overlapping members has them."""
    content = bundle.read_bytes()
    at = content.rindex(b"PK\x01\x02")
    size = struct.unpack_from("<I", content, at + 24)[0]
    claimed = struct.pack("<II", len(content), len(content))
    assert size < len(content)
    bundle.write_bytes(content[: at + 20] + claimed + content[at + 28 :])
    outcome = call("verify", str(bundle))
    assert (outcome.code, "overlap" in outcome.error) == (65, True)


def test_the_models_give_the_answers_of_the_run(call, bundle):
    pytest.importorskip("onnxruntime")
    outcome = call("verify", str(bundle), "run=true", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    (answer,) = outcome.json["answers"]
    assert (answer["path"], answer["status"]) == ("onnx/model.onnx", "matches")
    assert (answer["agreeing"], outcome.json["samples"]) == (16, 16)
    assert answer["difference"] < 1e-5


def test_a_model_whose_runtime_is_not_there_is_not_run(call, bundle, monkeypatch):
    monkeypatch.setattr("fmtool.export.verify.find_spec", lambda _: None)
    outcome = call("verify", str(bundle), "run=true")
    assert outcome.code == 0
    assert outcome.out.splitlines()[1] == ("onnx/model.onnx: not run: onnxruntime is not installed")


def packed_with(by_hand, weights, **changes):
    """A bundle whose model has other weights, with sums and report to match."""
    folder = by_hand.folder / "onnx"
    linear_onnx(folder / "model.onnx", weights, replace(by_hand.release.metadata, **changes))
    (row,) = by_hand.export.rows
    return by_hand.with_rows({**row, **files.describe(folder)}).publish()


def test_a_model_with_other_weights_ends_with_6(call, by_hand):
    pytest.importorskip("onnxruntime")
    path = packed_with(by_hand, by_hand.weights + np.float32(0.01) * np.eye(64, 10, dtype="f4"))
    assert call("verify", str(path)).code == 0
    outcome = call("verify", str(path), "run=true")
    assert outcome.code == 6
    assert outcome.error.startswith(
        "error: onnx/model.onnx does not match: a probability differs by "
    )
    assert "onnx/model.onnx: differs, 1" in outcome.out


def test_a_model_of_another_run_ends_with_6(call, by_hand):
    pytest.importorskip("onnxruntime")
    path = packed_with(by_hand, by_hand.weights, manifest_digest="0" * 64)
    outcome = call("verify", str(path), "run=true")
    assert outcome.code == 6
    assert "it says that it is of another run, or has other labels" in outcome.error


def test_a_model_that_cannot_be_loaded_ends_with_6(call, by_hand):
    pytest.importorskip("onnxruntime")
    folder = by_hand.folder / "onnx"
    (folder / "model.onnx").write_bytes(b"no model")
    (row,) = by_hand.export.rows
    path = by_hand.with_rows({**row, **files.describe(folder)}).publish()
    outcome = call("verify", str(path), "run=true")
    assert outcome.code == 6
    assert outcome.error.startswith("error: onnx/model.onnx does not match: ")


def test_what_differed_at_the_export_may_differ_again(call, by_hand):
    pytest.importorskip("onnxruntime")
    weights = by_hand.weights + np.float32(0.01) * np.eye(64, 10, dtype="f4")
    (row,) = by_hand.export.rows
    measured = {"samples": 40, "agreeing": 0, "differences": {"probabilities": {"max": 0.9}}}
    path = packed_with(by_hand.with_rows({**row, "parity": measured}), weights)
    assert call("verify", str(path), "run=true").code == 0


def test_a_model_that_gives_labels_alone_is_judged_by_them(call, by_hand):
    pytest.importorskip("onnxruntime")
    bare = replace(by_hand.release.metadata, outputs=declared(("label",), classes(10)))
    parity = {"samples": 40, "agreeing": 40, "differences": {}}
    row = {**by_hand.export.rows[0], "outputs": {"label": "int32"}, "parity": parity}
    labelled = replace(by_hand, release=replace(by_hand.release, metadata=bare)).with_rows(row)
    outcome = call("verify", str(packed_with(labelled, by_hand.weights)), "run=true", "--json")
    assert outcome.code == 0
    assert outcome.json["answers"][0]["difference"] is None
    assert call("verify", str(packed_with(labelled, -by_hand.weights)), "run=true").code == 6


def test_what_one_model_gave_is_not_taken_for_what_the_next_one_gave(call, by_hand):
    pytest.importorskip("onnxruntime")
    (row,) = by_hand.export.rows
    second = by_hand.folder / "onnx_float16"
    second.mkdir()
    silent = replace(by_hand.release.metadata, outputs=declared(("label",), classes(10)))
    linear_onnx(second / "model.onnx", by_hand.weights, silent)
    other = {"name": "onnx_float16", "quantization": "float16", "path": "onnx_float16/model.onnx"}
    rows = (row, {**row, **other, **files.describe(second)})
    outcome = call("verify", str(by_hand.with_rows(*rows).publish()), "run=true", "--json")
    assert [answer["status"] for answer in outcome.json["answers"]] == ["matches", "differs"]


def test_a_report_that_says_nothing_to_compare_with_ends_with_6(call, bundle):
    pytest.importorskip("onnxruntime")
    with_report(bundle, parity={"samples": 40, "agreeing": 40, "differences": {}})
    outcome = call("verify", str(bundle), "run=true")
    assert outcome.code == 6
    assert "its outputs are none that export.json and samples.npz know" in outcome.error


def test_a_bundle_without_samples_cannot_be_run(call, by_hand):
    path = by_hand.publish(samples=0)
    outcome = call("verify", str(path), "run=true")
    assert (outcome.code, outcome.out) == (2, "")
    assert "has no samples.npz" in outcome.error


def test_samples_that_hold_objects_are_not_loaded(call, bundle):
    target = io.BytesIO()
    np.savez(target, samples=np.array([print], dtype=object), label=np.zeros(1))
    repacked(bundle, {"samples.npz": target.getvalue()}, sums=True)
    outcome = call("verify", str(bundle), "run=true")
    assert (outcome.code, "samples.npz of the bundle cannot be read" in outcome.error) == (65, True)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "verify: names no bundle"),
        (["a.zip", "b.zip"], "verify: unexpected 'b.zip'"),
        (["a.zip", "rn=true"], "unknown key 'rn'; fix: did you mean 'run'?"),
        (["a.zip", "run=yes"], "run=yes is not accepted"),
        (["a.zip", "threads=0"], "threads=0 is not accepted"),
    ],
)
def test_a_mistake_is_one_line_and_2(call, argv, message):
    outcome = call("verify", *argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.error


def test_a_pipe_is_no_bundle_and_is_not_waited_for(call, tmp_path):
    os.mkfifo(tmp_path / "bundle.zip")
    outcome = call("verify", str(tmp_path / "bundle.zip"))
    assert outcome.code == 65
    assert "bundle.zip: not a regular file" in outcome.error
