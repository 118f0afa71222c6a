"""A run with exported files of a model that was made by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported_by_hand import ByHand, described, linear_onnx, row, write_outputs
from label_outputs import measured

from fmtool.data import digits
from fmtool.data.splitting import loading
from fmtool.export import parity
from fmtool.export.release import Release
from fmtool.export.result import Export
from fmtool.runs.layout import RunPaths
from fmtool.runs.saved_config import read_config

HELD_OUT = 40


@pytest.fixture
def by_hand(trained: Any, tmp_path: Path) -> ByHand:
    """The run that all tests share, with a linear model of nobody's in the place of its files."""
    paths = RunPaths(trained.directory)
    saved = read_config(paths.config)
    data = loading.load(digits.Config.model_validate(saved["data"]), seed=saved["seed"])
    metadata = described(data, paths)
    folder = tmp_path / "export"
    (folder / "onnx").mkdir(parents=True)
    test = data.splits.test
    x, y = np.asarray(test.x[:HELD_OUT]), test.y[:HELD_OUT]
    weights = np.random.default_rng(0).normal(size=(64, 10)).astype(np.float32) / 100
    linear_onnx(folder / "onnx" / "model.onnx", weights, metadata)
    (folder / "onnx" / "labels.txt").write_text("\n".join(metadata.labels) + "\n")
    logits = x.reshape(len(x), -1).astype(np.float32) @ weights
    write_outputs(tmp_path / "reference", logits)
    np.save(tmp_path / "samples.npy", x)
    compared = parity.compare(metadata.outputs, tmp_path / "reference", tmp_path / "reference")
    score = measured(y, metadata.labels).score(tmp_path / "reference", metadata)
    facts = {
        "input": {"name": "pixels", "dtype": "uint8", "shape": [None, 8, 8, 1]},
        "outputs": metadata.dtypes,
        "parity": compared,
        "score": score,
    }
    rows = (row(folder, "onnx", "model.onnx", facts),)
    release = Release(
        folder=folder,
        run=paths,
        data=data,
        metadata=metadata,
        samples=tmp_path / "samples.npy",
        measured=measured(y, metadata.labels),
        reference=tmp_path / "reference",
        kept={},
    )
    made = Export(folder, paths.root.name, score, rows, {}, ())
    return ByHand(release, made, weights).with_rows(*rows)
