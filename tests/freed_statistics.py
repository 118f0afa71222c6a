"""Batch statistics in a saved model beside those of the checkpoint that it was made of."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from fmtool.evaluation.measure import load_model


def saved_and_expected(run: Path, *, momentum: float) -> list[tuple[Any, Any]]:
    """Mean and variance in model.keras, and those of the checkpoint freed of 0 and 1.

    The model has one layer with statistics, and the share of the start is more than half.
    """
    step = json.loads((run / "result.json").read_text())["best"]["step"]
    checkpoint = run / "checkpoints" / f"step-{step}"
    arrays = np.load(checkpoint / "state.npz")
    paths = json.loads((checkpoint / "state.json").read_text())
    raw = {path.rpartition("/")[2]: np.float64(arrays[key]) for key, path in paths.items()}
    (layer,) = (
        each
        for each in load_model(run / "model.keras").get_layer("backbone").layers
        if "normalization" in each.name
    )
    share = float(np.float32(momentum)) ** step
    assert 0.5 < share < 1
    freed = {
        "moving_mean": raw["moving_mean"] / (1 - share),
        "moving_variance": (raw["moving_variance"] - share) / (1 - share),
    }
    return [
        (np.asarray(getattr(layer, name).value), expected.astype(np.float32))
        for name, expected in freed.items()
    ]
