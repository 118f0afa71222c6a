"""A bundle is unpacked for a while, checked against its sums, and cannot write anywhere else."""

import hashlib
import stat
import tempfile
import zipfile

import numpy as np
import pytest
import small_onnx

from fmtool.export import bundle


@pytest.fixture
def packed(models, monkeypatch):
    """Writes an archive of a model of numbers, as changed by what it is given."""
    np.save(models / "rows.npy", np.eye(3))
    temporary = models.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    own = (models / "numbers.onnx").read_bytes()

    def pack(extra=(), *, changed=(), left_out=()):
        files = {"card.md": b"what it is", "onnx/model.onnx": own, "onnx/labels.txt": b"red\n"}
        files = {name: files[name] for name in files if name not in left_out} | dict(extra)
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        files |= dict(changed)
        lines = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
        with zipfile.ZipFile(models / "b.zip", "w") as archive:
            for name, content in {**files, bundle.SUMS: lines.encode()}.items():
                if name not in left_out:
                    archive.writestr(name, content)
        return models / "b.zip"

    yield pack
    assert list(temporary.iterdir()) == []


@pytest.fixture
def ask(call):
    return lambda *argv: call("predict", "bundle=b.zip", "input=rows.npy", *argv, "--json")


def test_a_model_out_of_a_bundle_answers(packed, ask):
    packed()
    outcome = ask()
    assert (outcome.code, outcome.json["model"]) == (0, "b.zip/onnx")
    assert [each["label"] for each in outcome.json["predictions"]] == ["red", "green", "blue"]


def test_format_names_one_of_several(packed, ask, models):
    small_onnx.write(models / "other.onnx", "features", (3,), labels=("x", "y", "z"))
    other = (models / "other.onnx").read_bytes()
    packed({"onnx_int8/model.onnx": other})
    assert ask().json["counts"] == {"red": 1, "green": 1, "blue": 1}
    assert ask("format=onnx_int8").json["counts"] == {"x": 1, "y": 1, "z": 1}
    outcome = ask("format=onnx_int4")
    assert outcome.code == 2
    assert outcome.error.endswith("the bundle has no such model; fix: did you mean 'onnx_int8'?")


def test_what_cannot_run_here_is_passed_over(packed, ask, monkeypatch):
    packed({"openvino/model.xml": b"<net/>"})
    runs = {"openvino"}
    monkeypatch.setattr("fmtool.export.runtimes.runs_here", lambda name: name in runs)
    assert "model.xml is damaged" in ask().error
    runs.clear()
    outcome = ask()
    assert outcome.code == 2
    assert outcome.error == (
        "error: b.zip: nothing that is installed runs onnx, openvino; "
        "fix: pip install 'onnxruntime>=1.26' or pip install 'openvino>=2026.2'"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"changed": {"onnx/labels.txt": b"blue\n"}},
            "onnx/labels.txt is not what SHA256SUMS says",
        ),
        ({"changed": {"onnx/more.txt": b""}}, "onnx/more.txt is not in SHA256SUMS"),
        ({"left_out": ["SHA256SUMS"]}, "has no SHA256SUMS"),
        ({"left_out": ["onnx/model.onnx", "onnx/labels.txt"]}, "no model in it"),
    ],
)
def test_what_is_not_as_it_was_packed_is_bad_data(packed, ask, changes, said):
    packed(**changes)
    outcome = ask()
    assert outcome.code == 65
    assert said in outcome.error


@pytest.mark.parametrize("name", ["../x", "/x", "onnx/../../x", "onnx\\x", "C:x", "onnx//x"])
def test_a_member_that_leads_out_is_refused_and_written_nowhere(packed, ask, models, name):
    packed({name: b"x"})
    before = sorted(models.parent.rglob("*"))
    outcome = ask()
    assert outcome.code == 77
    assert "which would lead out of its folder" in outcome.error
    assert sorted(models.parent.rglob("*")) == before


def test_a_link_in_a_bundle_is_refused(packed, ask):
    path = packed()
    link = zipfile.ZipInfo("onnx/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    outcome = ask()
    assert outcome.code == 77
    assert "member 'onnx/link', which would lead" in outcome.error


def test_what_could_unpack_to_far_more_than_it_is_is_not_unpacked(packed, ask):
    with zipfile.ZipFile(packed(), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("onnx/zeros.bin", bytes(80_000_000))
    outcome = ask()
    assert outcome.code == 65
    assert "onnx/zeros.bin is not stored as a file" in outcome.error


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_what_is_no_archive_is_bad_data(models, packed, ask, content):
    (models / "b.zip").write_bytes(content)
    assert ask().code == 65
