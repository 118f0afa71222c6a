"""IMDb and Reuters: small files in the official layout, from a loopback server and the cache."""

import hashlib
import io
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from fmtool.data.fetching import catalog
from fmtool.data.fetching.unpickle import read_lists
from fmtool.data.splitting import loading
from fmtool.errors import DataError, Refused, Unavailable
from fmtool.registry import module

REVIEWS = {
    "aclImdb/README": "not a review",
    "aclImdb/train/pos/10_8.txt": "ten is good",
    "aclImdb/train/pos/9_7.txt": "nine is good",
    "aclImdb/train/unsup/0_0.txt": "nobody knows",
    "aclImdb/train/neg/2_1.txt": "two is bad, caf\u00e9",
    "aclImdb/test/pos/0_9.txt": "zero is good",
    "aclImdb/test/neg/0_2.txt": "zero is bad",
    "aclImdb/train/labeledBow.feat": "1:2",
}
WIRES = [[number, 300 + number] for number in range(10)]


def tar_of(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


def npz_of(wires):
    x = np.empty(len(wires), object)
    x[:] = wires
    stream = io.BytesIO()
    np.savez(stream, x=x, y=np.arange(len(wires)))
    return stream.getvalue()


CONTENTS = {
    "imdb": ("aclImdb_v1.tar.gz", tar_of(REVIEWS), (3, 2)),
    "reuters": ("reuters.npz", npz_of(WIRES), (8, 2)),
}


@pytest.fixture
def serve(server, monkeypatch):
    """Lets the loopback server be the official one of a set; gives the file's name."""

    def serve(name, content=None):
        file, usual, (train_size, test_size) = CONTENTS[name]
        content = usual if content is None else content
        server.files[file] = content
        data = module("data", name)
        sizes = {"train_size": train_size, "test_size": test_size, "download_bytes": len(content)}
        monkeypatch.setattr(data, "INFO", replace(data.INFO, **sizes))
        monkeypatch.setattr(data, "_URL", f"{server.address}/{file}")
        monkeypatch.setattr(data, "_SHA256", hashlib.sha256(content).hexdigest())
        return file

    return serve


def test_imdb_is_read_by_class_and_number_whatever_the_order_of_the_archive(serve):
    serve("imdb")
    splits = catalog.load("imdb", source="official")
    assert splits.train.x.tolist() == ["two is bad, caf\u00e9", "nine is good", "ten is good"]
    assert splits.train.y.tolist() == [0, 1, 1]
    assert splits.test.x.tolist() == ["zero is bad", "zero is good"]
    assert splits.class_names == ("negative", "positive")


def test_reuters_has_the_split_of_keras_and_numbers_for_words(serve):
    serve("reuters")
    splits = catalog.load("reuters", source="official")
    order = np.arange(10)
    np.random.RandomState(113).shuffle(order)
    assert [*splits.train.y, *splits.test.y] == order.tolist()
    assert splits.test.x.tolist() == [f"{row} {300 + row}" for row in order[8:]]
    assert len(splits.class_names) == 46


@pytest.mark.parametrize("name", CONTENTS)
def test_a_set_is_fetched_once_and_then_comes_from_the_cache(serve, server, monkeypatch, name):
    file = serve(name)
    first = catalog.load(name, source="auto")
    monkeypatch.setenv("FMTOOL_OFFLINE", "1")
    again = catalog.load(name, source="auto")
    assert (again.train.x == first.train.x).all()
    assert again.digest == first.digest
    assert server.requests == [(file, None)]
    assert catalog.is_cached(name)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_that_the_user_has_placed_is_used(serve, server, data_root, name):
    file = serve(name)
    (data_root / name).mkdir(parents=True)
    (data_root / name / file).write_bytes(server.files[file])
    assert len(catalog.load(name, source="cache").train) == CONTENTS[name][2][0]
    assert server.requests == []


@pytest.mark.parametrize("name", CONTENTS)
def test_there_is_no_mirror(name):
    with pytest.raises(Unavailable, match=f"^no package registry carries {name}; fix: "):
        catalog.load(name, source="mirror")


def test_an_archive_that_lacks_reviews_is_refused(serve):
    some = {name: text for name, text in REVIEWS.items() if "9_7" not in name}
    serve("imdb", tar_of(some))
    with pytest.raises(DataError, match="x_train is not 3 texts; fix: "):
        catalog.load("imdb", source="official")


def test_tokens_are_made_of_a_set_from_the_cache(serve, option):
    serve("imdb")
    data = loading.load(option("imdb", min_frequency=1, validation_fraction=0.0), seed=0)
    assert data.splits.element.shape == (5,)
    assert data.splits.facts["texts"] == {"train": 3, "test": 2}


def test_vectors_are_not_for_words_that_are_numbers(call):
    outcome = call("train", "data=reuters", "data.vectors=glove.txt")
    assert (outcome.code, outcome.error) == (
        2, "error: data.vectors=glove.txt is not accepted; fix: give None",
    )  # fmt: skip


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def npy_with(value):
    stream = io.BytesIO()
    array = np.empty(1, object)
    array[0] = value
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(capsys):
    with pytest.raises(Refused, match=r"^here: the pickle names builtins\.print, which a data "):
        read_lists(npy_with(Evil()), origin="here")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content",
    [npy_with([1.5]), npy_with("text"), npy_with([[1]]), npy_with([1])[:-3], b"", b"x" * 99],
)
def test_what_holds_no_lists_of_integers_is_bad_data(content):
    with pytest.raises(DataError, match=r"^here holds no lists: "):
        read_lists(content, origin="here")


def test_lists_are_read_as_they_were_written():
    assert read_lists(npy_with([3, 1, 70_000]), origin="here") == [[3, 1, 70_000]]


def test_lists_pickled_by_an_old_numpy_are_read():
    header = npy_with([1])[:128]
    array = np.empty(1, object)
    array[0] = [5]
    old = pickle.dumps(array, protocol=3).replace(b"numpy._core", b"numpy.core")
    assert read_lists(header + old, origin="here") == [[5]]
