"""Samples of several fields: a mapping of arrays, each in memory or read when it is asked for."""

from dataclasses import replace

import numpy as np
import pytest

from fmtool.cli import data_check
from fmtool.data.fetching import catalog
from fmtool.data.samples.images import ChosenImages, is_in_memory
from fmtool.data.samples.read_ahead import read_ahead
from fmtool.data.splitting import loading
from fmtool.data.splitting.check import Duplicates, find_duplicates
from fmtool.data.splitting.loading import Data
from fmtool.data.splitting.selection import Selection
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features, Pixels, Record, described
from fmtool.errors import DataError
from fmtool.evaluation import samples
from fmtool.targets import Label
from fmtool.training import storage

PIXELS = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2, 1)
NUMBERS = np.arange(12, dtype=np.float32).reshape(6, 2)
LABELS = np.array([0, 1, 0, 1, 0, 1], np.int32)
RECORD = Record({"picture": Pixels((2, 2, 1)), "numbers": Features((2,))})
SPLIT = Split({"picture": ChosenImages(PIXELS, np.arange(6)), "numbers": NUMBERS}, LABELS)
SPLITS = Splits("both", SPLIT, SPLIT.take(np.arange(2)), Label(("a", "b")), "0" * 64, RECORD)


def assert_rows(x, rows):
    assert set(x) == {"picture", "numbers"}
    np.testing.assert_array_equal(np.asarray(x["picture"]), PIXELS[rows])
    np.testing.assert_array_equal(np.asarray(x["numbers"]), NUMBERS[rows])


def test_what_is_taken_are_rows_of_each_field_where_it_lies():
    part = SPLIT.take(np.array([4, 1]))
    assert len(part) == 2
    assert_rows(part.x, [4, 1])
    assert [is_in_memory(each) for each in part.x.values()] == [False, True]
    np.testing.assert_array_equal(part.y, [0, 1])


def test_batches_of_all_fields_are_read_ahead_together():
    batches = [np.array([5, 0, 3]), np.array([2])]
    for rows, batch in zip(batches, read_ahead(SPLIT.x, batches, workers=2), strict=True):
        assert_rows(batch, rows)


def test_a_split_takes_the_bytes_of_all_its_arrays_and_is_read_into_memory_field_by_field():
    assert SPLIT.nbytes == 24 + 48 + 24
    tree = Split(SPLIT.x, {"one": LABELS, "others": {"two": NUMBERS}})
    assert (len(tree), tree.nbytes) == (6, 24 + 48 + 24 + 48)
    held = storage.in_memory(SPLIT)
    assert all(map(is_in_memory, held.x.values()))
    assert held.x["numbers"] is NUMBERS
    assert_rows(held.x, np.arange(6))
    assert storage.place_of("auto", [SPLIT], device="cpu") == "device"


def test_without_room_records_stay_in_memory_only_where_all_their_fields_are(monkeypatch):
    monkeypatch.setattr(storage, "available", lambda: 0)
    assert storage.place_of("auto", [SPLIT], device="cpu") == "stream"
    assert storage.place_of("auto", [storage.in_memory(SPLIT)], device="cpu") == "host"


def test_records_are_duplicates_where_all_their_fields_are_equal():
    pictures, numbers = PIXELS[[0, 0, 0, 1]], NUMBERS[[0, 1, 0, 0]]
    train = {"picture": pictures, "numbers": numbers}
    test = {"numbers": numbers[:2], "picture": pictures[:2]}
    assert find_duplicates(train, test) == Duplicates(train=1, test=0, across=2)
    other = {"picture": pictures[:2], "numbers": NUMBERS[[5, 1]]}
    assert find_duplicates(train, other).across == 1


def test_all_samples_of_a_run_are_joined_field_by_field():
    selection = Selection(np.arange(6, dtype=np.int32), np.empty(0, np.int32), "0")
    found = samples._all_of_run(Data(SPLITS, selection), ())
    assert_rows(found.split.x, [0, 1, 2, 3, 4, 5, 0, 1])


def test_the_fields_of_a_record_are_described():
    expected = "records of picture (2x2x1 images), numbers (rows of 2 numbers)"
    assert described(RECORD) == expected


@pytest.mark.parametrize(
    ("x", "problem"),
    [
        (PIXELS, "has one array, the element picture, numbers"),
        ({"picture": PIXELS}, "has picture, the element picture, numbers"),
        (
            {"picture": PIXELS, "numbers": NUMBERS[:5]},
            "field 'numbers' is float32 (5, 2), expected float32 (6, 2)",
        ),
        (
            {"picture": PIXELS.astype(np.int64), "numbers": NUMBERS},
            "field 'picture' is int64 (6, 2, 2, 1), expected uint8 (6, 2, 2, 1)",
        ),
    ],
)
def test_samples_that_are_not_what_the_element_says_are_refused(x, problem):
    with pytest.raises(DataError) as refusal:
        loading._check_records(replace(SPLITS, train=Split(x, LABELS)))
    assert problem in refusal.value.message


def test_check_tells_the_arrays_of_each_field(monkeypatch, capsys):
    monkeypatch.setattr(catalog, "is_local", lambda name: False)
    monkeypatch.setattr(catalog, "load", lambda name, source, folders: SPLITS)
    result = data_check.check("both", {})
    assert result["splits"]["test"]["images"] == {
        "picture": {"shape": [2, 2, 2, 1], "dtype": "uint8"},
        "numbers": {"shape": [2, 2], "dtype": "float32"},
    }
    assert result["test_images_in_train"] == 2
    data_check.show(result)
    shown = " ".join(capsys.readouterr().out.split())
    assert "records of several fields" in shown
