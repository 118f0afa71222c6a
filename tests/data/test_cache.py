"""The cache: nothing half-written, nothing damaged unnoticed."""

import json
import os
import stat

import numpy as np
import pytest

from fmtool.data.fetching import cache
from fmtool.errors import CannotCreate, DataError, WriteFailed


@pytest.fixture
def filled(arrays, data_root):
    folder = data_root / "tiny"
    with cache.locked(folder):
        cache.save(folder, arrays, arrays.digests(), origin="a test")
    return folder


def test_arrays_come_back_as_they_were_saved(filled, info, arrays):
    loaded = cache.load(filled, info)
    assert np.array_equal(loaded.arrays.x_train, arrays.x_train)
    assert loaded.manifest.origin == "a test"


def test_an_empty_folder_holds_nothing(tmp_path, info):
    assert cache.load(tmp_path, info) is None


def test_one_flipped_bit_is_noticed(filled, info):
    path = filled / "arrays" / "x_train.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="x_train has SHA-256") as error:
        cache.load(filled, info)
    assert error.value.fix == f"delete {filled / 'arrays'} and run `fmtool data fetch tiny`"


def test_a_truncated_array_is_noticed(filled, info):
    path = filled / "arrays" / "x_train.npy"
    os.truncate(path, path.stat().st_size - 7)
    with pytest.raises(DataError, match=r"x_train\.npy is damaged or incomplete"):
        cache.load(filled, info)


def test_an_array_file_that_is_a_pickle_is_not_unpickled(filled, info):
    objects = np.array([{"a": 1}], dtype=object)
    np.save(filled / "arrays" / "y_test.npy", objects, allow_pickle=True)
    with pytest.raises(DataError, match=r"y_test\.npy is damaged"):
        cache.load(filled, info)


def test_a_missing_array_is_noticed(filled, info):
    (filled / "arrays" / "y_test.npy").unlink()
    with pytest.raises(DataError, match=r"y_test\.npy is missing"):
        cache.load(filled, info)


def test_an_array_of_another_shape_is_noticed(filled, info):
    np.save(filled / "arrays" / "x_test.npy", np.zeros((4, 5, 4), np.uint8))
    with pytest.raises(
        DataError, match=r"x_test is uint8 \(4, 5, 4\), expected uint8 \(4, 5, 4, 1"
    ):
        cache.load(filled, info)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"origin": "x", "digests": {}}', "\0\xff"])
def test_a_manifest_that_cannot_be_read_is_noticed(filled, info, text):
    (filled / "arrays" / cache.MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match="is not a readable manifest"):
        cache.load(filled, info)


def test_the_manifest_is_plain_json_with_the_digests(filled, arrays):
    manifest = json.loads((filled / "arrays" / "manifest.json").read_text())
    assert manifest == {"origin": "a test", "digests": arrays.digests()}


def test_what_an_interrupted_save_left_is_replaced(data_root, arrays, info):
    unfinished = data_root / "tiny" / ".arrays.tmp"
    unfinished.mkdir(parents=True)
    (unfinished / "x_train.npy").write_bytes(b"half")
    assert cache.load(data_root / "tiny", info) is None
    with cache.locked(data_root / "tiny"):
        cache.save(data_root / "tiny", arrays, arrays.digests(), origin="a test")
    assert cache.load(data_root / "tiny", info) is not None
    assert not unfinished.exists()


def test_a_cache_that_cannot_be_created_says_which_variable_moves_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(CannotCreate, match=str(tmp_path)) as error,
        cache.locked(tmp_path / "file" / "tiny"),
    ):
        pass
    assert "FMTOOL_DATA" in error.value.fix


def test_a_write_that_fails_is_a_write_error(tmp_path, arrays):
    with pytest.raises(WriteFailed, match="No such file or directory"):
        cache.save(tmp_path / "gone", arrays, arrays.digests(), origin="a test")


def test_a_read_only_cache_serves(filled, info):
    for path in [filled, *filled.rglob("*")]:
        path.chmod(path.stat().st_mode & ~stat.S_IWUSR)
    assert cache.load(filled, info) is not None
    for path in [filled, *filled.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_the_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("FMTOOL_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.root() == tmp_path / "xdg" / "fmtool" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.root() == tmp_path / ".cache" / "fmtool" / "data"
