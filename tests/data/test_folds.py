"""Cross-validation: `data.folds` equal parts, each of which is the test split once."""

import numpy as np
import pytest

from fmtool.data.splitting.local_splits import train_and_test
from fmtool.data.splitting.selection import fold_for_test
from fmtool.data.splitting.splits import Split
from fmtool.errors import DataError, UsageError
from fmtool.targets import Label

LABELS = np.repeat(np.arange(3, dtype=np.int32), (50, 33, 14))


def parts(folds, labels=LABELS):
    return [fold_for_test(labels, folds=folds, fold=fold) for fold in range(folds)]


@pytest.mark.parametrize("folds", [2, 7, 10, len(LABELS)])
def test_every_sample_is_in_exactly_one_part(folds):
    assert sorted(np.concatenate(parts(folds)).tolist()) == list(range(len(LABELS)))


def test_parts_and_the_classes_in_them_differ_by_no_more_than_one_sample():
    found = parts(10)
    sizes = [len(rows) for rows in found]
    assert max(sizes) - min(sizes) <= 1
    counts = np.array([np.bincount(LABELS[rows], minlength=3) for rows in found])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_parts_are_drawn_and_not_cut_from_the_order_of_the_files():
    first = parts(2)[0]
    assert 5 < (first < 25).sum() < 20


def test_parts_never_change():
    assert fold_for_test(LABELS, folds=10, fold=3).tolist() == [
        3, 9, 28, 48, 49, 59, 67, 76, 84, 88,
    ]  # fmt: skip


def test_the_part_is_the_test_split_and_all_else_is_trained_on(option):
    cfg = option("arrays", path="x", folds=10, fold=3)
    split = Split(np.arange(len(LABELS)).reshape(-1, 1, 1, 1).astype(np.uint8), LABELS)
    train, test = train_and_test(cfg, Label(tuple("abc")), {"train": split}, origin="x")
    assert test.x.ravel().tolist() == fold_for_test(LABELS, folds=10, fold=3).tolist()
    both = np.concatenate([train.x.ravel(), test.x.ravel()])
    assert sorted(both.tolist()) == list(range(len(LABELS)))
    assert (train.y == LABELS[train.x.ravel()]).all()


def test_a_set_with_a_test_split_has_no_folds(option):
    split = Split(LABELS, LABELS)
    with pytest.raises(UsageError) as caught:
        train_and_test(
            option("arrays", path="x", folds=3),
            Label(tuple("abc")),
            {"train": split, "test": split},
            origin="x",
        )
    assert (
        str(caught.value)
        == "data.folds=3, but x has a test split; fix: data.folds=null data.fold=0"
    )


def test_a_class_that_would_be_tested_only_is_named(option):
    labels = np.array([0, 0, 1], np.int32)
    split = Split(labels, labels)
    fold = next(fold for fold in (0, 1) if 2 in fold_for_test(labels, folds=2, fold=fold))
    with pytest.raises(DataError, match=r"^x: class 'b': 1 of 1 drawn to the test split; fix: "):
        train_and_test(
            option("arrays", path="x", folds=2, fold=fold),
            Label(tuple("ab")),
            {"train": split},
            origin="x",
        )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["data.folds=5", "data.fold=5"],
            "error: data: fold=5 of folds=5; fix: give data.fold 0 to 4",
        ),
        (
            ["data.fold=1"],
            "error: data: fold=1 of folds=null; fix: give data.fold 0, or data.folds too",
        ),
        (
            ["data.folds=1"],
            "error: data.folds=1 is not accepted; fix: give a value greater than or equal to 2",
        ),
    ],
)
def test_a_part_that_there_is_not_is_a_mistake(call, words, message):
    outcome = call("train", "data=arrays", "data.path=x.npz", *words)
    assert (outcome.code, outcome.error) == (2, message)
