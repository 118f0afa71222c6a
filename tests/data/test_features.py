"""Rows of numbers in arrays: read from a file or a folder, in memory or not, and trained on."""

import numpy as np
import pytest

from fmtool.data.samples.images import is_in_memory
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features
from fmtool.targets import Label
from fmtool.training.network import normalization

X = np.random.default_rng(0).normal(3.0, 2.0, (90, 5)) * [1, 10, 100, 1000, 0]
Y = (X[:, 0] > 3).astype(np.int64)


def folder_of(path, **arrays):
    path.mkdir()
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array)
    return path


@pytest.fixture
def load(option):
    from fmtool.data import arrays

    def loaded(path, storage="device"):
        cfg = option("arrays", path=str(path), storage=storage)
        splits = arrays.load(cfg)
        return arrays.fit(cfg, splits, np.arange(len(splits.train), dtype=np.int32))

    return loaded


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int16, np.uint8])
def test_numbers_of_any_type_become_float32(load, tmp_path, dtype):
    x = np.clip(X, 0, 200).astype(dtype)
    np.savez(tmp_path / "set.npz", x=x, y=Y)
    splits = load(tmp_path / "set.npz")
    assert splits.element == Features((5,))
    assert splits.train.x.dtype == np.float32
    both = np.concatenate([splits.train.x, splits.test.x])
    assert sorted(both[:, 1].tolist()) == sorted(x[:, 1].astype(np.float32).tolist())


@pytest.mark.parametrize("storage", ["device", "stream"])
def test_a_folder_of_npy_files_is_the_same_set_as_an_archive(load, tmp_path, storage):
    named = {"x_train": X[:60], "y_train": Y[:60], "x_test": X[60:], "y_test": Y[60:]}
    np.savez(tmp_path / "set.npz", **named)
    archive = load(tmp_path / "set.npz")
    folder = load(folder_of(tmp_path / "set", **named), storage)
    assert folder.digest == archive.digest
    np.testing.assert_array_equal(folder.train.x[:], X[:60].astype(np.float32))
    assert is_in_memory(folder.train.x) == (storage == "device")


def test_a_series_keeps_its_steps(load, tmp_path):
    series = X.reshape(18, 5, 5)
    np.savez(tmp_path / "set.npz", x=series, y=Y[:18])
    assert load(tmp_path / "set.npz").element == Features((5, 5))


def of(x, element):
    split = Split(x.astype(np.float32), np.zeros(len(x), np.int32))
    return Splits("x", split, split, Label(("a", "b")), "0", element)


def test_each_feature_is_standardized_on_the_training_rows_alone():
    scale, offset = normalization("standardize", of(X, Features((5,))), np.arange(40))
    seen = X[:40].astype(np.float32) * scale + offset
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(axis=0), [1, 1, 1, 1, 0], atol=1e-5)


def test_the_channels_of_a_series_are_standardized_over_all_steps():
    series = X.reshape(18, 5, 5)
    scale, offset = normalization("standardize", of(series, Features((5, 5))), np.arange(18))
    seen = series * scale + offset
    np.testing.assert_allclose(seen.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(axis=(0, 1)), [1, 1, 1, 1, 0], atol=1e-5)


def test_unit_spreads_each_feature_from_0_to_1():
    scale, offset = normalization("unit", of(X, Features((5,))), np.arange(90))
    seen = X.astype(np.float32) * scale + offset
    np.testing.assert_allclose(seen.min(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(seen.max(axis=0), [1, 1, 1, 1, 0], atol=1e-6)


def test_features_are_trained_on_and_evaluated(fmtool):
    # The first, which decides, as a time since 1970: float32 has steps of 128 there.
    np.savez(fmtool.folder / "set.npz", x=X + np.array([1.7e9, 0, 0, 0, 0]), y=Y)
    words = ("data=arrays", "data.path=set.npz", "model=mlp", "epochs=30", "batch_size=16")
    trained = fmtool("train", *words, "data.storage=stream", "logging=quiet", "--json")
    assert trained.code == 0, trained.err
    assert trained.json["metrics"]["accuracy"] > 0.8
    assert "90 rows of 5 numbers of 2 classes" in trained.err
    assert "an origin is taken off column 0 before the cast to float32" in trained.err
    again = fmtool("evaluate", "run=last", "--json")
    assert again.json["loss"] == trained.json["metrics"]["loss"]


def test_a_convolutional_network_is_refused_before_keras_is_imported(call, fmtool):
    np.savez(fmtool.folder / "set.npz", x=X, y=Y)
    outcome = call("train", "data=arrays", "data.path=set.npz", "model=cnn")
    assert outcome.code == 2
    said = (
        "error: model=cnn reads images, but data=arrays holds rows of numbers; fix: choose model="
    )
    assert outcome.err.splitlines()[-1].startswith(said)
