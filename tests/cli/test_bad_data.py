"""Data that are missing, damaged or wrong end the command before there is a run directory."""

import numpy as np
import pytest

WRONG_LABELS = '''
"""Four images, one of a class that there is not."""
from typing import Literal
from fmtool.data.base import DataConfig
from fmtool.targets import Label

class Config(DataConfig):
    name: Literal["wrong_labels"]

def load(cfg):
    import numpy as np
    from fmtool.data.splitting.splits import Split, Splits
    from fmtool.elements import Pixels
    x = np.zeros((4, 8, 8, 1), np.uint8)
    good, bad = np.array([0, 1, 0, 1], np.int32), np.array([0, 1, 2, 1], np.int32)
    splits = Split(x, bad), Split(x, good)
    return Splits("wrong_labels", *splits, Label(("a", "b")), "0" * 64, Pixels((8, 8, 1)))
'''


def test_missing_data_while_offline_end_with_69(call, fmtool):
    outcome = call("train", "data=cifar10")
    assert (outcome.code, outcome.out, fmtool.files()) == (69, "", set())
    assert outcome.error.startswith(
        "error: cifar10 is not cached and FMTOOL_OFFLINE forbids downloads; fix: "
    )


def cache_mnist(fmtool, *, pixels):
    from fmtool.data.fetching import cache
    from fmtool.data.fetching.four_arrays import Arrays

    shape = (28, 28, 1)
    arrays = Arrays(
        np.full((60_000, *shape), pixels, np.uint8), np.zeros(60_000, np.int32),
        np.full((10_000, *shape), pixels, np.uint8), np.zeros(10_000, np.int32),
    )  # fmt: skip
    folder = fmtool.cache / "mnist"
    folder.mkdir(parents=True)
    cache.save(folder, arrays, arrays.digests(), origin="a test")
    return folder / "arrays"


def test_a_cache_with_another_content_ends_with_65(call, fmtool):
    cache_mnist(fmtool, pixels=1)
    outcome = call("train", "data=mnist")
    assert (outcome.code, outcome.out, fmtool.files()) == (65, "", set())
    assert "x_train" in outcome.error
    assert "; fix: " in outcome.error


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "text"])
def test_a_damaged_cache_file_ends_with_65(call, fmtool, damage):
    file = cache_mnist(fmtool, pixels=0) / "x_train.npy"
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes({"cut": file.read_bytes()[:5000], "empty": b"", "text": b"hi"}[damage])
    outcome = call("train", "data=mnist")
    assert (outcome.code, fmtool.files()) == (65, set())
    assert "x_train" in outcome.error


def test_a_label_that_is_no_class_ends_with_65(call, fmtool, monkeypatch):
    from fmtool import registry

    monkeypatch.setattr(registry, "_plugins", {})
    fmtool.write("wrong_labels.py", WRONG_LABELS)
    fmtool.write("mine/data/wrong_labels.yaml", "defaults: [digits, _self_]\nname: wrong_labels\n")
    before = fmtool.files()
    outcome = call(
        "train", "--plugin", "wrong_labels.py", "-cd", "mine", "data=wrong_labels",
        "data.validation_fraction=0",
    )  # fmt: skip
    assert outcome.code == 65
    assert outcome.error.startswith("error: label 2 at row 2 of train; classes 0-1; fix: ")
    assert {name for name in fmtool.files() if "__pycache__" not in name} == before


def test_a_model_file_that_is_no_model_ends_with_65(fmtool):
    for name, text in {
        "manifest.json": "{}",
        "model.keras": "not a model",
    }.items():
        fmtool.write(f"runs/2026_a/{name}", text)
    config = fmtool("train", "--cfg", "job", "runtime=cpu", "runtime.precision=float32").out
    fmtool.write("runs/2026_a/config.yaml", config)
    outcome = fmtool("evaluate", "run=2026_a", "--json")
    assert (outcome.code, outcome.json["exit_code"]) == (65, 65)
    warning, error = outcome.err.splitlines()
    assert "an unknown release of fmtool read them by other rules" in warning
    assert "model.keras" in error
