"""Arrays are found by their names, at whichever end the split stands; labels may be a column."""

import numpy as np
import pytest

from fmtool import options, validate
from fmtool.config.compose import compose
from fmtool.data.reading.array_names import Names, guessed
from fmtool.errors import DataError

X, Y = np.arange(120.0).reshape(60, 2), np.arange(60) % 3


@pytest.fixture
def load(tmp_path):
    def read(keys=None, **arrays):
        np.savez(tmp_path / "set.npz", **arrays)
        composed = compose("train", ["data=arrays"])["data"]
        values = composed | {"path": str(tmp_path / "set.npz"), **(keys or {})}
        return options.data("arrays").load(validate.option("data", values))

    return read


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (["train_images", "train_labels", "val_images", "val_labels"], ("images", "labels")),
        (["X_train", "y_train", "X_test", "y_test"], ("X", "y")),
        (["data", "target"], ("data", "target")),
        (["features_train", "labels_train", "features_valid", "labels_valid"],
         ("features", "labels")),
        (["x", "y"], None),
        (["train_images", "val_labels"], None),
        (["weights", "biases"], None),
    ],
)  # fmt: skip
def test_usual_names_are_guessed(found, names):
    assert guessed(found) == (None if names is None else Names(*names))


def test_arrays_under_the_keys_of_medmnist_are_those_of_x_and_y(load):
    parts = {"train": slice(0, 30), "val": slice(30, 45), "test": slice(45, 60)}
    named = {f"{split}_images": X[rows] for split, rows in parts.items()}
    named |= {f"{split}_labels": Y[rows, np.newaxis] for split, rows in parts.items()}
    found = load({"x": "images", "y": "labels"}, **named)
    usual = {"train": "train", "val": "validation", "test": "test"}
    plain = load(None, **{
        f"{axis}_{usual[split]}": whole[rows]
        for split, rows in parts.items() for axis, whole in (("x", X), ("y", Y))
    })  # fmt: skip
    assert found.digest == plain.digest
    assert {name: len(part) for name, part in found.parts.items()} == {
        "train": 30, "validation": 15, "test": 15,
    }  # fmt: skip
    assert (found.train.y.shape, found.target.names) == ((30,), ("0", "1", "2"))


def test_a_column_of_floats_is_numbers_and_one_of_labels_a_label(load):
    assert load(None, x=X, y=Y[:, np.newaxis]).target.kind == "label"
    assert load(None, x=X, y=Y[:, np.newaxis] / 4).target.kind == "numbers"
    assert load({"target": "labels"}, x=X, y=Y[:, np.newaxis] % 2).target.kind == "labels"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train_images": X, "train_labels": Y},
         "unknown array 'train_images'; found train_images, train_labels; fix: set data.x=images "
         "data.y=labels"),
        ({"x_train": X, "train_x": X, "y_train": Y}, "arrays x_train and train_x of one split"),
        ({"x_train": X}, "no array 'y_train'; found x_train; fix: save samples as x or x_train, "
         "and labels as y or y_train, or name them by data.x and data.y"),
    ],
)  # fmt: skip
def test_what_is_called_otherwise_is_told_how_to_be_read(load, arrays, message):
    with pytest.raises(DataError) as caught:
        load(None, **arrays)
    assert message in str(caught.value)


def test_labels_that_are_names_are_classes_in_natural_order(load):
    names = np.array(["c10", "c9", " c9 "])[np.arange(60) % 3]
    found = load(None, x=X, y=names)
    assert found.target.names == ("c9", "c10")
    order = np.argsort(np.concatenate([found.train.sample_names, found.test.sample_names]))
    rows = np.concatenate([found.train.y, found.test.y])[order]
    assert rows.tolist() == [1, 0, 0] * 20
    given = load({"target_names": ["c10", "c9"]}, x=X, y=names[:, np.newaxis])
    assert given.target.names == ("c10", "c9")


def test_names_of_classes_are_measured_by_those_of_the_run(load, tmp_path):
    from fmtool.data import arrays
    from fmtool.data.splitting.measured import Measured
    from fmtool.targets import Label

    names = np.array(["b", "a"])[np.arange(60) % 2]
    load(None, x=X, y=names)
    composed = compose("train", ["data=arrays"])["data"] | {"path": str(tmp_path / "set.npz")}
    cfg = validate.option("data", composed)
    found = arrays.load_measured(cfg, Measured(Label(("a", "b", "c")), "auto", "set.npz"))
    assert found.test.y[:4].tolist() == [1, 0, 1, 0]
    with pytest.raises(DataError, match="y of train: class 'a' is none of the run's"):
        arrays.load_measured(cfg, Measured(Label(("b", "c")), "auto", "set.npz"))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X, "y": np.array(["a", "A"] * 30)}, "y of train: names collide: 'A' (30) and 'a'"),
        ({"x": X, "y": np.array(["a", "b", " "] * 20)}, "the label at row 2 of train is empty"),
        ({"x_train": X, "y_train": np.array(["a", "b"] * 30), "x_test": X,
          "y_test": np.array(["a", "d"] * 30)}, "y of test: class 'd' is absent from train"),
        ({"x": X, "y": Y + 1}, "label 3 at row 2 of train; classes 0-2; fix: labels begin at 0: "
         "save y - 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_labels_is_one_line(load, arrays, message):
    with pytest.raises(DataError) as caught:
        load(None, **arrays)
    assert message in str(caught.value)
