"""LiteRT files that would do more than compute are refused before the interpreter sees them."""

import struct

import pytest
from refusals import refusal

from fmtool.errors import DataError
from fmtool.safety import exported_file


def litert_file(operator):
    """A file of one operation; what is referred to lies behind what refers to it."""
    old, custom, code = operator
    name = struct.pack("<I", len(custom or "")) + (custom or "").encode() + b"\0"
    content = bytearray(8)
    content[4:8] = b"TFL3"
    struct.pack_into("<I", content, 0, 16)
    content += struct.pack("<4H", 8, 8, 0, 4)  # index of the model, at 8
    content += struct.pack("<iI", 16 - 8, 4)  # the model, at 16, and where its list is
    content += struct.pack("<II", 1, 16)  # the list, at 24, of one table, 16 behind the entry
    content += struct.pack("<6H", 12, 16, 4, 8 if custom else 0, 0, 12)  # its index, at 32
    content += struct.pack("<ib3xIi", 44 - 32, old, 8, code)  # the table, at 44
    return bytes(content + name)


@pytest.fixture
def write(tmp_path):
    def save(content):
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        return path

    return save


@pytest.mark.parametrize(
    "operator",
    [(32, "FlexReadFile", 32), (32, "Mine", 0), (0, None, 32), (9, "x", 9), (51, None, 0)],
)
def test_an_operation_that_is_not_its_own_is_refused(write, operator):
    said = refusal("litert", write(litert_file(operator)))
    assert said.startswith("it holds an operation that is not LiteRT's own")


def test_an_operation_of_its_own_passes(write):
    exported_file.check("litert", write(litert_file((9, None, 9))))


def test_a_file_of_anything_else_is_bad_data(write):
    for content in (b"", b"TFL3", b"\0\0\0\0TFL3", b"\xff\xff\xff\x7fTFL3" + b"\xff" * 50):
        with pytest.raises(DataError, match="is damaged"):
            exported_file.check("litert", write(content))
