"""An archive of torch is one for every reader: nothing before, behind or between its parts."""

import io
import struct
import zipfile

import pytest

from fmtool.errors import DataError, Refused
from fmtool.safety import exported_file

PROGRAM = {
    "archive_format": b"pt2",
    "data/weights/model_weights_config.json": b'{"config": {}}',
    "data/constants/model_constants_config.json": b'{"config": {}}',
    "models/model.json": b'{"graph_module": {"graph": {"nodes": []}}}',
    "extra/fmtool.json": b"{}",
}
END = struct.Struct("<4s4H2LH")
"""The last record: sizes and places are at its end, and how long the comment is."""


@pytest.fixture
def archive(monkeypatch):
    """The bytes of a program as torch writes it, with the end for large numbers as well."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", -1)
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in PROGRAM.items():
            archive.writestr(f"model/{name}", content)
    monkeypatch.undo()
    return stored.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pt2"


def test_an_archive_of_its_parts_alone_passes(archive, path):
    path.write_bytes(archive)
    exported_file.check("torch", path)


def with_comment(content):
    return content[:-2] + struct.pack("<H", 3) + b"abc"


def with_another_place(content):
    """Of the directory, by one byte; readers that go by the other end find it all the same."""
    *first, size, start, comment = END.unpack(content[-END.size :])
    return content[: -END.size] + END.pack(*first, size + 1, start - 1, comment)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"x" + content,
        lambda content: content + b"x",
        with_comment,
        with_another_place,
        lambda content: b"XX" + content[2:],
        lambda content: content[: -END.size - 20] + b"x" + content[-END.size - 20 :],
        lambda content: content[: -END.size] + b"x" + content[-END.size :],
        lambda content: content[: -END.size - 20] + content[-END.size :],
    ],
    ids=["before", "behind", "a comment", "another place", "another beginning",
         "before the locator", "behind the locator", "no locator"],
)  # fmt: skip
def test_one_that_is_changed_around_its_parts_is_refused(archive, path, change):
    path.write_bytes(change(archive))
    with pytest.raises((Refused, DataError)):
        exported_file.check("torch", path)
