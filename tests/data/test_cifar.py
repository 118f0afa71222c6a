"""The official CIFAR files: the order of samples and planes, and pickles nobody trusts."""

import hashlib
import io
import pickle
import pickletools
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from fmtool.data.fetching import cifar
from fmtool.data.fetching.download import RemoteFile
from fmtool.data.fetching.unpickle import read_batch
from fmtool.errors import DataError, Refused


@pytest.fixture
def batches():
    """Three batches of two images, as the official files hold them."""
    random = np.random.default_rng(0)
    return {
        name: {
            b"data": random.integers(0, 256, (2, 3072), dtype=np.uint8),
            b"labels": [number, number + 1],
            b"batch_label": b"some text",
        }
        for number, name in enumerate(("batch_1", "batch_2", "test"))
    }


@pytest.fixture
def archive(batches, tmp_path):
    path = tmp_path / "official.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, batch in reversed(batches.items()):
            content = pickle.dumps(batch, protocol=3)
            entry = tarfile.TarInfo(f"folder/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture
def layout(archive):
    content = archive.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return cifar.Layout(
        folder="folder",
        train=("batch_1", "batch_2"),
        test="test",
        labels_key=b"labels",
        archive=RemoteFile("official.tar.gz", (), len(content), digest),
        archive_names=("other.tar.gz", "official.tar.gz"),
    )


def test_training_batches_keep_their_canonical_order(layout, tmp_path):
    assert cifar.read_archive(tmp_path, layout).y_train.tolist() == [0, 1, 1, 2]


def test_red_green_and_blue_planes_become_channels(layout, tmp_path, batches):
    row = batches["test"][b"data"][1]
    image = cifar.read_archive(tmp_path, layout).x_test[1]
    assert image[0, 5].tolist() == [row[5], row[1024 + 5], row[2048 + 5]]
    assert image[1, 0, 0] == row[32]


def test_extracted_files_give_the_arrays_of_the_archive(layout, tmp_path, batches):
    (tmp_path / "folder").mkdir()
    for name, batch in batches.items():
        (tmp_path / "folder" / name).write_bytes(pickle.dumps(batch, protocol=3))
    extracted = cifar.read_batches(tmp_path, layout)
    assert extracted.digests() == cifar.read_archive(tmp_path, layout).digests()


def test_an_archive_with_another_digest_is_refused_before_it_is_read(layout, tmp_path):
    other = replace(layout, archive=replace(layout.archive, sha256="0" * 64))
    with pytest.raises(DataError, match=r"official\.tar\.gz has SHA-256 .*, expected 000000000000"):
        cifar.read_archive(tmp_path, other)


def test_a_folder_without_the_files_holds_no_set(layout, tmp_path):
    assert cifar.read_archive(tmp_path / "empty", layout) is None
    assert cifar.read_batches(tmp_path / "empty", layout) is None


def test_arrays_pickled_by_python_2_are_read():
    # Python 2 stored text as byte strings: the opcodes below are what its cPickle wrote.
    stored = (
        b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b"
        b"\x87R(K\x01K\x01M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff"
        b"\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x0c\x00\x00"
        + b"\x07"
        * 3072
        + b"tbU\x06labels]"
        b"K\x05au."
    )
    pickletools.dis(stored, out=io.StringIO())
    images, labels = read_batch(stored, labels_key=b"labels", origin="here")
    assert images.shape == (1, 3072)
    assert images.max() == images.min() == 7
    assert labels.tolist() == [5]


class Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (open, (str(self.marker), "w"))


@pytest.mark.parametrize("place", ["in the batch", "instead of the array", "as the batch"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_none(batches, tmp_path, place):
    marker = tmp_path / "marker"
    batch = batches["test"]
    if place == "in the batch":
        batch[b"extra"] = Hostile(marker)
    elif place == "instead of the array":
        batch[b"data"] = Hostile(marker)
    else:
        batch = Hostile(marker)
    with pytest.raises(Refused, match=r"here: the pickle names io\.open"):
        read_batch(pickle.dumps(batch, protocol=3), labels_key=b"labels", origin="here")
    assert not marker.exists()


@pytest.mark.parametrize("name", ["numpy load", "builtins eval", "numpy frombuffer", "os system"])
def test_no_other_name_of_numpy_or_python_is_known(name):
    module, function = name.split()
    stored = f"c{module}\n{function}\n.".encode()
    with pytest.raises(Refused, match=f"{module}.{function}"):
        read_batch(stored, labels_key=b"labels", origin="here")


@pytest.mark.parametrize(
    "change",
    [
        {b"data": np.zeros((2, 3072), np.float32)},
        {b"data": np.zeros((2, 3072), object)},
        {b"data": np.zeros((2, 99), np.uint8)},
        {b"data": np.asfortranarray(np.zeros((2, 3072), np.uint8))},
        {b"data": b"bytes"},
        {b"labels": [1]},
        {b"labels": ["a", "b"]},
        {b"labels": [1, 1 << 80]},
    ],
    ids=str,
)
def test_a_batch_of_another_form_is_refused(batches, change):
    stored = pickle.dumps(batches["test"] | change, protocol=3)
    with pytest.raises(DataError, match="here is not a CIFAR batch"):
        read_batch(stored, labels_key=b"labels", origin="here")


@pytest.mark.parametrize("stored", [b"", b"junk", b"\x80\x03}", b"}.", b"]."])
def test_a_damaged_pickle_is_bad_data(stored):
    with pytest.raises(DataError, match="here is not a CIFAR batch"):
        read_batch(stored, labels_key=b"labels", origin="here")
