"""Bad .npy and .npz files: exit code 65, one line that names the file, and no run directory."""

import io
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmtool.data.reading.array_files import names_in, read_npy, read_npz
from fmtool.errors import DataError, OutOfMemory

TRAIN = ("train", "data=arrays", "data.path=set.npz")
X = np.arange(64 * 8 * 8, dtype=np.uint8).reshape(64, 8, 8)
Y = np.arange(64) % 3
NAMES = np.array(["a", "b", "c"])


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def with_shape(shape: str, content: bytes = b"\0" * 128) -> bytes:
    """A .npy of float64 whose header claims `shape`."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    size = len(header).to_bytes(2, "little")
    return b"\x93NUMPY\x01\x00" + size + header.encode() + content


def archive(compression: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    return archive(**{name: npy(array, allow_pickle=True) for name, array in arrays.items()})


class Opener:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._path, "w")


def labels(row: int, value: Any, dtype: Any = np.int64) -> np.ndarray:
    changed = Y.astype(dtype)
    changed[row] = value
    return changed


MARKER = "ran"
OBJECTS = np.array([Opener(MARKER)] * 64, dtype=object)
SPLIT = {"x_train": X, "y_train": Y}

CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    # case: (the content of the file, what is said of it)
    "50 object labels": (lambda: npz(x=X, y=OBJECTS), ": y: object dtype refused"),
    "50 object images": (lambda: npz(x=OBJECTS, y=Y), ": x: object dtype refused"),
    "50 object names": (
        lambda: npz(x=X, y=Y, class_names=OBJECTS), ": class_names: object dtype refused",
    ),
    "51 cut member": (
        lambda: archive(x=npy(X), y=npy(np.arange(1000))[: 128 + 484 * 8]),
        ": y: 484 of 1000 values; header claims 7.8 KiB; fix: ",
    ),
    "51 cut archive": (lambda: npz(x=X, y=Y)[:-50], ": damaged or no array file ("),
    "51 cut to nothing": (lambda: b"", ": empty file; fix: "),
    "51 too long": (
        lambda: archive(x=npy(X), y=npy(Y) + b"\0" * 8), ": y: 65 of 64 values; header claims 512",
    ),
    "52 shape bomb": (
        lambda: archive(x=with_shape("(1000000000000,)"), y=npy(Y)),
        ": x: 16 of 1000000000000 values; header claims 7.3 TiB; fix: ",
    ),
    "52 shape without end": (
        lambda: archive(x=with_shape(f"({10**30},)"), y=npy(Y)),
        ": x: header claims a shape that cannot be; fix: ",
    ),
    "52 negative shape": (
        lambda: archive(x=with_shape("(-4, -4)"), y=npy(Y)), ": x: header claims a shape that",
    ),
    "52 zip bomb": (
        lambda: archive(zipfile.ZIP_DEFLATED, x=bytes(1 << 27), y=npy(Y)),
        " would unpack to 128.0 MiB; fix: ",
    ),
    "53 label -1": (
        lambda: npz(x=X, y=labels(5, -1), class_names=NAMES),
        ": label -1 at row 5 of train; classes 0-2; fix: ",
    ),
    "53 label K": (
        lambda: npz(x=X, y=labels(5, 3), class_names=NAMES),
        ": label 3 at row 5 of train; classes 0-2; fix: ",
    ),
    "53 label 99": (
        lambda: npz(x=X, y=labels(5, 99), class_names=NAMES),
        ": label 99 at row 5 of train; classes 0-2; fix: ",
    ),
    "53 label beyond int32": (
        lambda: npz(x=X, y=labels(5, 2**32, np.uint64), class_names=NAMES),
        ": label 4294967296 at row 5 of train; classes 0-2; fix: ",
    ),
    "53 gap without names": (
        lambda: npz(x=X, y=labels(5, 99)), ": label 99 at row 5 of train; classes 0-3; fix: ",
    ),
    "53 only in test": (
        lambda: npz(**SPLIT, x_test=X, y_test=labels(7, 3)),
        ": label 3 at row 7 of test; classes 0-2; fix: ",
    ),
    "54 nan label": (
        lambda: npz(x=X, y=labels(3, np.nan, float)),
        ": the target at row 3 of train is not a finite number; fix: leave out samples without",
    ),
    "54 endless label": (
        lambda: npz(x=X, y=labels(3, -np.inf, float)), ": the target at row 3 of train is not a f",
    ),
    "54 columns of numbers": (
        lambda: npz(x=X[:8], y=2 * np.eye(8, dtype=int)),
        ": y is int64 (8, 8) and not zeros and ones alone: what it is cannot be told; fix: set da",
    ),
    "54 three axes": (
        lambda: npz(x=X[:8], y=np.ones((8, 2, 2))),
        ": y of train is float64 (8, 2, 2), expected (n,) or (n, k); fix: give each sample one r",
    ),
    "54 truth values": (
        lambda: npz(x=X, y=Y > 1), ": labels of train are bool (64,), expected integers of shape",
    ),
    "54 column without samples": (
        lambda: npz(x=X[:8], y=np.pad(np.eye(8, 4, dtype=np.uint8), ((0, 0), (0, 1)))),
        ": class 'y4' is absent from train; fix: ",
    ),
    "54 names of other columns": (
        lambda: npz(x=X[:8], y=np.eye(8, dtype=bool), class_names=NAMES),
        ": 3 names for the 8 columns of y; fix: name each column, in order",
    ),
    "54 names of two kinds": (
        lambda: npz(x=X, y=Y, class_names=NAMES, target_names=np.array([*"abd"])),
        ", but target_names a, b, d; fix: name them once, or alike",
    ),
    "54 more columns than samples": (
        lambda: npz(x=X[:4], y=np.eye(8, dtype=int)), ": train: x 4, y 64; fix: ",
    ),
    "55 lengths": (lambda: npz(x=X, y=Y[:63]), ": train: x 64, y 63; fix: "),
    "class without image": (
        lambda: npz(x=X, y=Y, class_names=np.array([*"abcd"])),
        ": class 'd' is absent from train; fix: ",
    ),
    "one class": (lambda: npz(x=X, y=Y * 0), ": 1 class in train; need 2 classes; fix: "),
    "float images": (
        lambda: npz(x=X[..., None] / 255, y=Y), ": x of train is float64 (64, 8, 8, 1); expected",
    ),
    "text": (lambda: npz(x=X[:, 0].astype(str), y=Y), ": x of train is <U3 (64, 8); expected"),
    "one axis": (lambda: npz(x=X[:, 0, 0], y=Y), ": x of train is uint8 (64,); expected"),
    "a number": (lambda: npz(x=np.uint8(1), y=Y), ": x of train is uint8 (); expected"),
    "no image": (lambda: npz(x=X[:0], y=Y[:0]), ": x of train is (0, 8, 8): nothing; fix: "),
    "nan": (
        lambda: npz(x=np.where(np.arange(64) == 7, np.nan, X[:, 0].T).T, y=Y),
        ": x of train: a value in row 7 is NaN, infinite or too large for float32; fix: ",
    ),
    "beyond float32": (
        lambda: npz(x=np.where(np.arange(64) == 3, 1e39, X[:, 0].T).T, y=Y),
        ": x of train: a value in row 3 is NaN, infinite or too large for float32; fix: ",
    ),
    "two kinds": (
        lambda: npz(**SPLIT, x_test=X / 2, y_test=Y),
        ": train holds 8x8x1 images, test series of 8 steps of 8 numbers; fix: ",
    ),
    "other shape": (
        lambda: npz(**SPLIT, x_test=X[:, :4], y_test=Y),
        ": train holds 8x8x1 images, test 4x8x1 images; fix: ",
    ),
    "no labels": (lambda: npz(x=X), ": no array 'y'; found x; fix: "),
    "misspelt": (
        lambda: npz(**SPLIT, x_tset=X, y_tset=Y),
        ": unknown array 'x_tset'; fix: did you mean 'x_test'",
    ),
    "names twice": (
        lambda: npz(x=X, y=Y, class_names=np.array([*"aab"])), ": 3 class_names, 2 different; fix:",
    ),
    "numbers as names": (
        lambda: npz(x=X, y=Y, class_names=np.arange(3)), ": class_names are int64 (3,), expected",
    ),
    "name of control characters": (
        lambda: npz(x=X, y=Y, class_names=np.array(["a", "b", "\x1b[2J"])), ": class_names: name ",
    ),
    "no archive": (lambda: npy(X), ": damaged or no array file (File is not a zip file); fix: "),
    "other members": (
        lambda: archive(**{"../x.txt": b""}).replace(b".npy", b".exe"),
        ": '../x.txt.exe' is not as numpy writes it; fix: ",
    ),
    "later format": (
        lambda: archive(x=npy(X).replace(b"NUMPY\x01", b"NUMPY\x02"), y=npy(Y)),
        ": x: format version (2, 0), expected (1, 0); fix: ",
    ),
    "records": (
        lambda: archive(x=npy(np.zeros(3, [("a", "u1")])), y=npy(Y)), ": x: unexpected type [('a'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_arrays_end_with_65_and_one_line(call, fmtool, case):
    content, text = CASES[case]
    (fmtool.folder / "set.npz").write_bytes(content())
    outcome = call(*TRAIN)
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", {"set.npz"})
    assert outcome.error.startswith("error: set.npz: ")
    assert text in outcome.error
    assert "; fix: " in outcome.error


@pytest.mark.parametrize(
    ("kind", "y", "text"),
    [
        ("label", labels(3, 0.5, float), "label 0.5 at row 3 of train is not an integer; fix: sa"),
        ("label", Y.astype(float), "label 0.0 at row 0 of train is not an integer; fix: save the"),
        ("label", np.eye(64, dtype=int), "labels of train are int64 (64, 64), expected integers"),
        ("labels", Y, "labels of train are int64 (64,), expected (n, 1); fix: give a 0 or 1 for"),
        ("labels", np.eye(64) / 2, "label 0.5 of 'y0' at row 0 of train is neither 0 nor 1; fix"),
        ("numbers", Y.astype(str), "targets of train are <U21 (64, 1), expected numbers (n, 1);"),
    ],
)  # fmt: skip
def test_a_target_that_is_named_is_held_to_it(call, fmtool, kind, y, text):
    (fmtool.folder / "set.npz").write_bytes(npz(x=X, y=y))
    outcome = call("data", "check", "arrays", "path=set.npz", f"target={kind}")
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", {"set.npz"})
    assert outcome.error.startswith(f"error: set.npz: {text}")


def test_an_object_array_runs_nothing(call, fmtool):
    (fmtool.folder / "set.npz").write_bytes(npz(x=X, y=OBJECTS))
    call(*TRAIN)
    assert not (fmtool.folder / MARKER).exists()
    np.load(fmtool.folder / "set.npz", allow_pickle=True)["y"]
    assert (fmtool.folder / MARKER).exists(), "the test's own oracle does not work"


@pytest.mark.parametrize(
    ("make", "code", "text"),
    [
        (os.mkfifo, 65, "set.npz: not a regular file; fix: "),
        (Path.mkdir, 65, "set.npz: no array 'x_train'; found none; fix: "),
        (lambda path: path.symlink_to(path), 2, "data.path=set.npz: too many levels of symbolic"),
    ],
    ids=["fifo", "folder", "loop"],
)
def test_what_is_no_file_is_an_error_and_no_hang(call, fmtool, make, code, text):
    make(fmtool.folder / "set.npz")
    outcome = call(*TRAIN)
    assert outcome.code == code
    assert outcome.error.startswith(f"error: {text}")


def test_a_missing_file_ends_with_2(call, fmtool):
    outcome = call(*TRAIN)
    assert (outcome.code, fmtool.files()) == (2, set())
    assert outcome.error == (
        "error: data.path=set.npz: no such file or directory; fix: correct the path"
    )


@pytest.fixture
def write(tmp_path):
    def save(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return save


@pytest.mark.parametrize(
    "array",
    [X, np.asfortranarray(X), Y.astype(">i8"), Y.astype(bool), NAMES, np.zeros((0, 3))],
    ids=["c", "fortran", "big-endian", "bool", "text", "empty"],
)
def test_what_numpy_saves_is_read_as_it_was(write, array):
    read = read_npy(write(npy(array)))
    np.testing.assert_array_equal(read, array)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_both_archives_of_numpy_are_read(tmp_path, save):
    save(tmp_path / "set.npz", x=X, y=np.sort(Y))
    read = read_npz(tmp_path / "set.npz")
    np.testing.assert_array_equal(read["x"], X)
    np.testing.assert_array_equal(read["y"], np.sort(Y))


def test_sorted_labels_may_shrink_more_than_a_hundredfold(write):
    many = np.zeros(1_000_000, np.int64)
    content = archive(zipfile.ZIP_DEFLATED, y=npy(many))
    assert len(content) * 100 < many.nbytes
    assert len(read_npz(write(content))["y"]) == len(many)


def test_a_cut_npy_names_how_much_is_left(write):
    path = write(npy(np.arange(1000))[: 128 + 484 * 8])
    with pytest.raises(DataError, match=r"file: 484 of 1000 values; header claims 7\.8 KiB"):
        read_npy(path)


def test_arrays_larger_than_the_memory_are_refused_before_they_are_read(write, monkeypatch):
    monkeypatch.setattr("fmtool.data.reading.array_files._HIGHEST_RATIO", 10**12)
    path = write(archive(x=npy(X)))
    monkeypatch.setattr(os, "sysconf", lambda name: 1 if name == "SC_PAGE_SIZE" else 4096)
    with pytest.raises(OutOfMemory, match=r"4\.1 KiB do not fit into the 4\.0 KiB of memory"):
        read_npz(path)


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_gets_past_the_reader(write, seed):
    random = np.random.default_rng(seed)
    whole = np.frombuffer(npz(x=X[:2], y=Y[:2], class_names=NAMES), np.uint8)
    for _ in range(100):
        damaged = whole.copy()
        places = random.integers(0, len(whole), random.integers(1, 8))
        damaged[places] = random.integers(0, 256, len(places))
        with suppress(DataError):
            read_npz(write(damaged.tobytes()))


def test_one_array_is_no_data_set_and_the_line_says_what_is(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(DataError) as refused:
        names_in(tmp_path / "x.npy")
    assert str(refused.value) == (
        f"{tmp_path / 'x.npy'}: one array; samples and what is learnt of them are two; "
        "fix: save both by numpy.savez, or name the folder of x.npy and y.npy"
    )
