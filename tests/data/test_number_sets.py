"""The shipped sets of numbers: their rows, targets and folds."""

import numpy as np
import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.data import breast_cancer, diabetes
from fmtool.data.fetching import catalog
from fmtool.data.shipped import reading
from fmtool.data.splitting import loading
from fmtool.elements import Features
from fmtool.errors import DataError
from fmtool.targets import Label, Numbers


def whole(splits):
    """Rows and targets of all splits, in the order of the file."""
    parts = [splits.train, splits.test]
    order = np.argsort(np.concatenate([part.sample_names for part in parts]))
    return (np.concatenate([getattr(part, axis) for part in parts])[order] for axis in "xy")


def test_both_sets_are_those_of_scikit_learn():
    from sklearn.datasets import load_breast_cancer, load_diabetes

    x, y = whole(catalog.load("diabetes", source="auto"))
    original = load_diabetes(scaled=False)
    np.testing.assert_array_equal(x, original.data)
    np.testing.assert_array_equal(y[:, 0], original.target)
    assert list(diabetes.INFO.columns) == original.feature_names
    x, y = whole(catalog.load("breast_cancer", source="auto"))
    original = load_breast_cancer()
    np.testing.assert_array_equal(x, original.data)
    np.testing.assert_array_equal(y, original.target)
    assert list(breast_cancer.INFO.columns) == list(original.feature_names)
    assert list(breast_cancer.INFO.class_names) == list(original.target_names)


@pytest.mark.parametrize(
    ("name", "target", "width"),
    [
        ("diabetes", Numbers(("progression",), (1,)), 10),
        ("breast_cancer", Label(("malignant", "benign")), 30),
    ],
)
def test_what_the_sets_declare_is_what_they_give(name, target, width):
    cfg = validate.option("data", compose("train", [f"data={name}"])["data"])
    data = loading.load(cfg, seed=1)
    splits = data.splits
    assert (splits.target, splits.element) == (target, Features((width,)))
    assert splits.train.x.dtype == np.float32
    count = catalog.info(name).train_size
    assert (len(splits.train) + len(splits.test), len(splits.test)) == (count, round(count / 5))
    assert catalog.is_cached(name)
    again = loading.load(cfg, seed=1, artifacts=splits.artifacts).splits
    np.testing.assert_array_equal(again.train.x, splits.train.x)
    assert list(splits.facts["columns"]) == list(catalog.info(name).columns)


@pytest.mark.parametrize("name", ["diabetes", "breast_cancer"])
def test_five_folds_test_every_row_once(name):
    def fold(number):
        words = [f"data={name}", "data.folds=5", f"data.fold={number}"]
        cfg = validate.option("data", compose("train", words)["data"])
        return loading.load(cfg, seed=0).splits.test

    parts = [fold(number) for number in range(5)]
    tested = np.concatenate([part.sample_names for part in parts])
    assert sorted(tested) == list(range(catalog.info(name).train_size))
    means = [part.y.mean() for part in parts]
    assert np.ptp(means) < 0.15 * np.mean(means)


def test_other_numbers_than_those_of_the_release_are_refused(monkeypatch):
    table = np.ones((3, 11))
    monkeypatch.setattr(reading, "read_numbers", lambda *args, **keys: table)
    with pytest.raises(DataError, match=r"data=diabetes has SHA-256 .*, expected e9c1"):
        catalog.load("diabetes", source="auto")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "x.csv").write_text("1,2\n3,four\n")
    with pytest.raises(DataError, match=r"x\.csv: unreadable") as refused:
        reading.read_numbers(tmp_path / "x.csv", delimiter=",")
    assert refused.value.fix == "reinstall fmtool"
