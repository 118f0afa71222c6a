"""What a target knows of its arrays: what is wrong with them, their strata, names and JSON."""

import subprocess
import sys

import numpy as np
import pytest

from fmtool.errors import DataError, UsageError
from fmtool.targets import Label, Labels, Numbers, from_json

CLASSES = Label(("cat", "dog", "eel"))
SEVERAL = Labels(("cat", "dog", "eel"))
WEIGHTS = Numbers(("weight", "height"), (2,))
ALL = (CLASSES, SEVERAL, WEIGHTS)


@pytest.mark.parametrize("target", ALL)
def test_json_gives_the_target_back(target):
    assert from_json(target.to_json()) == target
    assert target.to_json()["kind"] == target.kind


@pytest.mark.parametrize(
    "document", [{}, {"kind": "mask", "names": []}, {"kind": "numbers", "names": ["a"]}]
)
def test_other_json_is_refused(document):
    with pytest.raises(DataError, match=r"is not a target"):
        from_json(document)


@pytest.mark.parametrize("label", [99, -1])
def test_a_label_out_of_range_is_named_with_its_row(label):
    labels = np.array([0, 1, 2, 1, 1, label, 99], np.int32)
    with pytest.raises(DataError, match=f"label {label} at row 5 of train; classes 0-2"):
        CLASSES.check(labels, split="train")


@pytest.mark.parametrize("labels", [np.zeros(3), np.zeros((3, 1), np.int32)], ids=["float", "2-d"])
def test_labels_of_another_type_or_shape_are_refused(labels):
    with pytest.raises(DataError, match="expected integers of shape"):
        CLASSES.check(labels, split="train")


def test_labels_in_range_pass_whatever_type_holds_them():
    found = CLASSES.converted(np.array([2, 0], np.uint8), split="train")
    assert (found.tolist(), found.dtype) == ([2, 0], np.int32)


def test_zeros_and_ones_of_any_type_are_several_labels():
    for dtype in (bool, np.int64, np.float32):
        found = SEVERAL.converted(np.eye(3, dtype=dtype), split="train")
        assert (found.tolist(), found.dtype) == (np.eye(3).tolist(), np.uint8)


def test_what_is_neither_zero_nor_one_is_named_with_row_and_class():
    with pytest.raises(DataError, match=r"^label 2 of 'dog' at row 1 of test is neither 0 nor 1"):
        SEVERAL.check(np.array([[0, 0, 1], [0, 2, 0]]), split="test")
    with pytest.raises(DataError, match=r"int64 \(2, 2\), expected \(n, 3\)"):
        SEVERAL.check(np.zeros((2, 2), int), split="test")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_is_named_with_its_row(value):
    y = np.ones((4, 2))
    y[2, 1] = value
    with pytest.raises(DataError, match=r"^the target at row 2 of train is not a finite number"):
        WEIGHTS.check(y, split="train")


def test_one_number_for_each_sample_may_lack_its_axis():
    found = Numbers(("y0",), (1,)).converted(np.array([3, 4]), split="train")
    assert (found.tolist(), found.dtype) == ([[3.0], [4.0]], np.float64)
    with pytest.raises(DataError, match=r"float64 \(2, 3\), expected numbers \(n, 2\)"):
        WEIGHTS.converted(np.ones((2, 3)), split="train")


def test_names_and_numbers_become_rows():
    assert CLASSES.encoded(["eel", "cat"]).tolist() == [2, 0]
    assert SEVERAL.encoded([("eel", "cat"), ()]).tolist() == [[1, 0, 1], [0, 0, 0]]
    assert WEIGHTS.encoded([(1.5, 2)]).tolist() == [[1.5, 2.0]]
    for target in ALL:
        assert (target.encoded([]).shape, target.encoded([]).dtype) == (
            (0, *target.shape),
            target.dtype,
        )


def test_a_class_without_samples_is_missing():
    assert CLASSES.counts(np.array([0, 2, 2], np.int32)) == [1, 0, 2]
    assert CLASSES.missing(np.array([0, 2, 2], np.int32)) == ("dog",)
    assert SEVERAL.missing(np.array([[0, 1, 0], [0, 1, 0]], np.uint8)) == ("cat", "eel")
    assert WEIGHTS.missing(np.zeros((0, 2))) == ()


@pytest.mark.parametrize(
    ("target", "y", "message"),
    [
        (CLASSES, np.array([0, 1]), "class 'eel' is absent from train"),
        (Label(("a",)), np.array([0, 0]), "1 class in train; need 2 classes"),
        (SEVERAL, np.array([[1, 0, 1]]), "class 'dog' is absent from train"),
        (Labels(()), np.zeros((3, 0)), "0 classes in train; need 1 class"),
        (WEIGHTS, np.zeros((1, 2)), "1 sample in train; need 2 samples"),
    ],
)
def test_what_is_too_little_to_learn_is_refused(target, y, message):
    with pytest.raises(DataError) as refused:
        target.require_learnable(y, split="train")
    assert refused.value.message == message


def test_strata_of_labels_are_the_rarest_class_of_each_sample():
    y = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]], np.uint8)
    assert SEVERAL.strata(y).tolist() == [1, 0, 3, 2]
    assert SEVERAL.strata_count == 4


def test_strata_of_numbers_are_tenths_of_equal_size():
    y = np.random.default_rng(0).normal(size=(50, 2))
    strata = WEIGHTS.strata(y)
    assert np.bincount(strata).tolist() == [5] * 10
    assert (np.diff(strata[np.argsort(y[:, 0])]) >= 0).all()
    assert WEIGHTS.strata(np.ones((7, 2))).max() < WEIGHTS.strata_count == 10


def test_labels_are_their_own_strata():
    y = np.array([2, 0, 1], np.int32)
    assert CLASSES.strata(y).tolist() == [2, 0, 1]


def test_digests_of_one_label_are_taken_of_names_alone_and_of_others_of_the_target():
    assert CLASSES.identity() == ["cat", "dog", "eel"]
    assert SEVERAL.identity() == {"kind": "labels", "names": ["cat", "dog", "eel"]}
    assert WEIGHTS.identity()["shape"] == [2]
    assert CLASSES.content(np.array([258], ">i8")) == b"\2\1\0\0"
    assert SEVERAL.content(np.array([[1, 0, 1]], bool)) == b"\1\0\1"
    assert WEIGHTS.content(np.array([[1.0, -2.0]], ">f4")) == np.array([1, -2], "<f8").tobytes()


def test_rows_of_other_names_are_found_by_name():
    y = CLASSES.by_names(np.array([0, 1]), ["eel", "cat", "ray"], place="x")
    assert y.tolist() == [2, 0]
    several = SEVERAL.by_names(np.array([[1, 0], [1, 0]]), ["dog", "ray"], place="x")
    assert several.tolist() == [[0, 1, 0], [0, 1, 0]]
    numbers = WEIGHTS.by_names(np.array([[1.0, 2, 3]]), ["height", "age", "weight"], place="x")
    assert numbers.tolist() == [[3.0, 1.0]]


@pytest.mark.parametrize(
    ("target", "y", "names", "message"),
    [
        (CLASSES, np.array([1]), ["cat", "ray"], "x: class 'ray' is none of the run's"),
        (SEVERAL, np.array([[0, 1]]), ["cat", "ray"], "x: class 'ray' is none of the run's"),
        (WEIGHTS, np.ones((1, 1)), ["weight"], "x: the run's number 'height' is not there, but 'w"),
    ],
)
def test_rows_that_the_run_has_no_place_for_are_refused(target, y, names, message):
    with pytest.raises(DataError) as refused:
        target.by_names(y, names, place="x")
    assert refused.value.message.startswith(message)


def test_numbers_have_no_classes():
    assert SEVERAL.class_names == CLASSES.class_names == ("cat", "dog", "eel")
    with pytest.raises(UsageError, match="the data have numbers for each sample, not classes"):
        _ = WEIGHTS.class_names


def test_rows_are_shown_in_messages():
    assert CLASSES.shown(1) == "class 'dog'"
    assert SEVERAL.shown([1, 0, 1]) == "class 'cat', 'eel'"
    assert SEVERAL.shown([0, 0, 0]) == "no class"
    assert WEIGHTS.shown([1.5, 2.0]) == "1.5, 2"


def test_a_target_is_declared_without_numpy():
    code = "import sys, fmtool.targets; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
