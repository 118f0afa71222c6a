"""A set that is streamed is the same set, checked as strictly, and never whole in memory."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.data.samples.images import ReadImages, is_in_memory
from fmtool.errors import DataError, OutOfMemory

X = np.random.default_rng(0).integers(0, 256, (60, 5, 4, 3), dtype=np.uint8)
Y = np.arange(60) % 3
HELD, STREAMED = "host", "stream"


def load(name, path, **changes):
    raw = compose("train", [f"data={name}"])["data"] | {"path": str(path)} | changes
    return registry.module("data", name).load(validate.option("data", raw))


def assert_same(splits, others):
    assert splits.digest == others.digest
    for part in ("train", "validation", "test"):
        one, other = getattr(splits, part), getattr(others, part)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one.x[:], other.x[:])
            np.testing.assert_array_equal(one.y, other.y)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, x_train=X[:40], y_train=Y[:40], x_test=X[40:], y_test=Y[40:])
    return path


@pytest.mark.parametrize("split_folders", [False, True])
def test_a_folder_is_the_same_set_streamed_or_held(tmp_path, save_picture, split_folders):
    for part in ("train", "validation", "test") if split_folders else ("",):
        for name in "ab":
            for number in range(5):
                save_picture(tmp_path / part / name / f"{part}{number}.png")
    held, streamed = (load("image_folder", tmp_path, storage=each) for each in (HELD, STREAMED))
    assert_same(held, streamed)
    for splits, is_held in ((held, True), (streamed, False)):
        assert {is_in_memory(part.x) for part in (splits.train, splits.test)} == {is_held}


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": X, "y": Y},
        {"x": X[..., 0], "y": Y},
        {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]},
        {"y": Y, "class_names": np.array(["é", "b", "c"]), "x": X},
    ],
    ids=["one part", "without a channel axis", "two parts", "with names"],
)
def test_an_archive_is_the_same_set_streamed_or_held(tmp_path, arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    held, streamed = (
        load("arrays", tmp_path / "set.npz", storage=each) for each in (HELD, STREAMED)
    )
    assert_same(held, streamed)
    assert isinstance(streamed.train.x, ReadImages)
    assert is_in_memory(held.train.x)


@pytest.mark.parametrize("name", ["image_folder", "arrays"])
@pytest.mark.parametrize(("room", "is_held"), [(1 << 40, True), (1 << 10, False)])
def test_auto_holds_what_fits_into_memory(pictures, archive, monkeypatch, name, room, is_held):
    monkeypatch.setattr("fmtool.data.reading.local.available", lambda: room)
    path = {"image_folder": pictures, "arrays": archive}[name]
    assert is_in_memory(load(name, path, storage="auto").train.x) == is_held


def test_a_compressed_archive_is_held_and_says_so(tmp_path, capsys):
    np.savez_compressed(tmp_path / "set.npz", x=X, y=Y)
    assert is_in_memory(load("arrays", tmp_path / "set.npz", storage=STREAMED).train.x)
    assert capsys.readouterr().err.splitlines()[0] == (
        f"warning: {tmp_path}/set.npz is compressed: it was read into memory; numpy.savez does "
        "not compress"
    )


def test_a_compressed_archive_beyond_the_memory_is_refused(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "set.npz", x=X, y=Y)
    monkeypatch.setattr("os.sysconf", lambda name: 1 if name == "SC_PAGE_SIZE" else 4096)
    with pytest.raises(OutOfMemory, match=r"do not fit into the 4\.0 KiB of memory") as caught:
        load("arrays", tmp_path / "set.npz", storage=STREAMED)
    assert caught.value.fix == "save it by numpy.savez: it is then read from the disk"


def test_images_in_fortran_order_are_held(tmp_path):
    np.savez(tmp_path / "set.npz", x=np.asfortranarray(X), y=Y)
    splits = load("arrays", tmp_path / "set.npz", storage=STREAMED)
    assert is_in_memory(splits.train.x)
    assert_same(splits, load("arrays", tmp_path / "set.npz", storage=HELD))


@pytest.mark.parametrize("storage", [HELD, STREAMED])
def test_a_changed_pixel_in_an_archive_is_found(archive, storage):
    content = bytearray(archive.read_bytes())
    content[content.index(X[40:].tobytes()) + 100] ^= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"Bad CRC-32 for file 'x_test\.npy'"):
        load("arrays", archive, storage=storage)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-60]), "truncated image"),
        (lambda path: path.write_text("<html>"), "not an image"),
        (lambda path: Image.new("RGB", (9, 9)).save(path), "9x9 vs 8x8 of pictures/a/0.png; fix"),
        (lambda path: Image.new("L", (8, 8)).save(path), "mode L vs RGB of pictures/a/0.png; fix"),
    ],
    ids=["cut", "html", "size", "mode"],
)
def test_a_bad_picture_is_found_before_a_run_begins(call, fmtool, pictures, spoil, message):
    spoil(pictures / "b" / "3.png")
    before = fmtool.files()
    argv = ("data=image_folder", "data.path=pictures", "data.storage=stream")
    outcome = call("train", *argv)
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", before)
    assert outcome.error.startswith(f"error: pictures/b/3.png: {message}")


def test_a_picture_that_goes_while_it_is_streamed_is_named(pictures):
    splits = load("image_folder", pictures, storage=STREAMED)
    (pictures / "a" / "0.png").unlink()
    with pytest.raises(DataError, match=r"a/0\.png: no such file"):
        splits.train.x[:]


def test_an_archive_that_is_cut_while_it_is_streamed_is_named(archive):
    splits = load("arrays", archive, storage=STREAMED)
    with archive.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(DataError, match=r"set\.npz: cut since it was opened"):
        splits.train.x[:]


def test_an_archive_that_is_replaced_while_it_is_streamed_stays_what_it_was(archive):
    splits = load("arrays", archive, storage=STREAMED)
    archive.unlink()
    np.testing.assert_array_equal(splits.test.x[:], X[40:])


def test_a_long_reading_says_how_long_it_will_take(pictures, monkeypatch, capsys):
    monkeypatch.setattr("fmtool.data.reading.time_left._PATIENCE", 0.0)
    load("image_folder", pictures)
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith("image_folder: all 10 images are read once, to find what is wrong bef")
    assert first.endswith(" s left")


def test_a_good_tiff_is_decoded_again_with_stderr_untouched(tmp_path, save_picture, monkeypatch):
    for name in "ab":
        save_picture(tmp_path / name / "0.tif", compression="tiff_adobe_deflate")
        save_picture(tmp_path / name / "1.tif", compression="tiff_adobe_deflate")
    splits = load("image_folder", tmp_path, storage=STREAMED, test_fraction=0.5)

    def hidden():
        raise AssertionError("lines of the training would be lost")

    monkeypatch.setattr("fmtool.data.reading.image_files.native_stderr_hidden", hidden)
    assert len(splits.train.x[:]) == 2


LOSING = """
import sys
from pathlib import Path
from fmtool.data.reading.picture_files import PictureFiles
from fmtool.cli.main import main

read, count = PictureFiles.read, 0

def read_or_lose(self, rows):
    global count
    count += len(rows)
    if count > 60:
        Path("pictures/a/3.png").unlink(missing_ok=True)
    return read(self, rows)

PictureFiles.read = read_or_lose
sys.exit(main(sys.argv[1:]))
"""


def test_a_picture_that_goes_during_the_training_ends_it_with_one_line(fmtool, pictures):
    model = ("model=cnn", "model.filters=[4]", "model.dense_units=[]", "epochs=200")
    data = ("data=image_folder", "data.path=pictures", "data.storage=stream")
    outcome = fmtool.python(LOSING, "train", *model, *data, "batch_size=2", "logging=quiet")
    *epochs, error = outcome.err.splitlines()
    assert outcome.code == 65
    assert error.startswith("error: pictures/a/3.png: no such file; fix: ")
    assert any(line.startswith("epoch 1/200") for line in epochs)


CAP = 32 << 20
"""Bytes that a process may grow by while it reads a set of more than ten times as many."""

GROWTH = """
import sys
import numpy as np
from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.data.samples import read_ahead

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

# So that a small set is large beside it.
read_ahead._BLOCK_BYTES = 1 << 21
raw = compose("train", sys.argv[1:])["data"]
module = registry.module("data", raw["name"])
cfg = validate.option("data", raw)
from PIL import Image
from fmtool.data.reading import array_files
from fmtool.data.reading import class_folders
from fmtool.data.reading import image_files
from fmtool.data.splitting import local_splits
before = peak()
splits = module.load(cfg)
order = np.random.default_rng(0).permutation(len(splits.train))
size = max(1, (1 << 21) // splits.train.x[0].size)
batches = [order[start : start + size] for start in range(0, len(order), size)]
read = sum(batch.size for batch in read_ahead.read_ahead(splits.train.x, batches))
print(peak() - before, read + sum(each.size for each in read_ahead.read_blocks(splits.test.x)))
"""


def grown(fmtool, *argv):
    """How many bytes a process grew by, at its most, and how many it read in an epoch."""
    outcome = fmtool.python(GROWTH, *argv)
    assert outcome.code == 0, outcome.err
    growth, read = map(int, outcome.out.split())
    return growth, read


def photograph(name):
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "datasets" / "images" / f"{name}.jpg"
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_folder_of_ten_times_the_cap_stays_under_it(fmtool):
    for name in ("china", "flower"):
        pixels = photograph(name)
        (fmtool.folder / "set" / name).mkdir(parents=True)
        for number in range(250):
            row, column = divmod(number, 25)
            tile = pixels[row * 36 :, column * 20 :][:64, :64]
            Image.fromarray(tile).save(fmtool.folder / "set" / name / f"{number}.png")
    growth, read = grown(
        fmtool,
        "data=image_folder",
        "data.path=set",
        "data.resize=[480,480]",
        "data.storage=stream",
    )
    assert read > 10 * CAP
    assert growth < CAP


def test_an_archive_of_ten_times_the_cap_stays_under_it(fmtool):
    pixels = photograph("china")
    x = np.stack([np.roll(pixels, 5 * number, axis=1) for number in range(420)])
    np.savez(fmtool.folder / "set.npz", x=x, y=np.arange(len(x)) % 2)
    growth, read = grown(fmtool, "data=arrays", "data.path=set.npz", "data.storage=stream")
    assert read == x.nbytes > 10 * CAP
    assert growth < CAP
