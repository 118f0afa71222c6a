"""A full disk ends an export with 74, by whatever way a process of its own comes to know it."""

import errno
import json
import os
import resource
import signal
from pathlib import Path

import numpy as np
import pytest

from fmtool import errors
from fmtool.data.reading.text_lines import LineError
from fmtool.errors import DataError, ExitCode, ExportFailed, WriteFailed
from fmtool.export import child, outputs
from fmtool.export.result import Export
from fmtool.runs.atomic import full_disk

FULL = os.strerror(errno.ENOSPC)


def wrapped(inner):
    try:
        raise inner
    except Exception as error:
        raise RuntimeError("conversion failed") from error


def answered(error, tmp_path):
    def main(_):
        wrapped(error)

    return child._answer(main, {"path": str(tmp_path / "model.onnx")})


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, FULL, "model.onnx"),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        OSError(f"Unable to write (errno = 28, error message = '{FULL}')"),
        ValueError(f"ResourceExhaustedError: {FULL} [Op:WriteFile]"),
        WriteFailed(f"cannot write x: {FULL}", fix="free some space"),
    ],
    ids=["errno", "quota", "h5py", "words", "ours"],
)
def test_what_a_library_makes_of_a_full_disk_is_still_one(tmp_path, error):
    answer = answered(error, tmp_path)
    assert (answer["exit_code"], answer["error"]["type"]) == (74, "WriteFailed")
    assert answer["error"]["message"].startswith("cannot write ")
    assert answer["error"]["hint"]


def test_another_error_stays_what_it_is(tmp_path):
    answer = answered(ValueError("no such operation"), tmp_path)
    entry = {"type": "ExportFailed", "message": "conversion failed", "hint": ""}
    assert answer == {"exit_code": 6, "error": entry}


def test_an_error_of_a_derived_class_arrives_as_the_one_it_is_derived_from():
    def main(_):
        raise LineError(Path("x.csv"), 3, "too long", fix="mend it")

    answer = json.loads(json.dumps(child._answer(main, {})))
    error = errors.from_json(answer["error"], answer["exit_code"])
    assert type(error) is DataError


def test_a_library_that_says_nothing_of_it_is_judged_by_the_room_that_is_left(
    tmp_path, monkeypatch
):
    failed = ExportFailed("onnx: it cannot be loaded")
    assert full_disk(failed, tmp_path) is None
    monkeypatch.setattr("fmtool.runs.atomic._free_bytes", lambda _: 4096)
    found = full_disk(failed, tmp_path)
    assert found is not None
    assert found.exit_code == ExitCode.WRITE_FAILED


def test_outputs_beyond_what_the_disk_holds_are_an_error_and_not_a_signal(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    writer = outputs.Writer(tmp_path / "found", 10_000, {"logits": "float32"})
    try:
        with pytest.raises(OSError) as raised:  # noqa: PT011 - by its number
            writer.add({"logits": np.zeros((10_000, 10))})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
        writer.close()
    assert full_disk(raised.value, tmp_path) is not None


def test_outputs_are_read_as_they_were_written_in_batches(tmp_path):
    values = np.random.default_rng(0).normal(size=(7, 3))
    dtypes = {"logits": "float32", "label": "int32"}
    writer = outputs.Writer(tmp_path / "found", 5, dtypes)
    for first in (0, 4):
        rows = values[first : first + 4]
        writer.add({"logits": rows, "label": rows.argmax(axis=1)})
    writer.close()
    assert outputs.read(tmp_path / "found", "label").dtype == np.int32
    np.testing.assert_array_equal(
        outputs.read(tmp_path / "found", "logits"), values[:5].astype(np.float32)
    )


def test_a_full_disk_counts_more_than_a_file_that_does_not_match(tmp_path):
    failures = {"onnx": ExportFailed("x"), "litert": WriteFailed("y"), "torch": DataError("z")}
    made = Export(tmp_path, "run", {}, (), failures, ())
    assert made.exit_code == ExitCode.WRITE_FAILED
