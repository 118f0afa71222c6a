"""The idx reader."""

import gzip

import numpy as np
import pytest

from fmtool.data.fetching import idx
from fmtool.errors import DataError


def test_images_and_labels_are_read_from_a_folder(idx_files, place, arrays):
    read = idx.read_folder(place(idx_files))
    assert np.array_equal(read.x_train, arrays.x_train)
    assert np.array_equal(read.y_test, arrays.y_test)


def test_plain_files_are_read_as_well_as_compressed_ones(idx_files, place, arrays):
    plain = {name.removesuffix(".gz"): gzip.decompress(idx_files[name]) for name in idx_files}
    assert np.array_equal(idx.read_folder(place(plain)).x_test, arrays.x_test)


def test_a_folder_with_three_of_the_four_files_holds_no_set(idx_files, place):
    del idx_files["t10k-labels-idx1-ubyte.gz"]
    assert idx.read_folder(place(idx_files)) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not an idx file"),
        (b"\0\0\x0d\1\0\0\0\0", "is not an idx file"),
        (b"\0\0\x08\3\0\0", "ends within its header"),
        (b"\0\0\x08\1\0\0\0\5abc", r"holds 3 values, its header says \(5,\)"),
        (b"\0\0\x08\2\xff\xff\xff\xff\xff\xff\xff\xff", "holds 0 values"),
    ],
)
def test_a_malformed_file_is_refused(content, reason):
    with pytest.raises(DataError, match=f"here {reason}"):
        idx.decode(content, origin="here")
