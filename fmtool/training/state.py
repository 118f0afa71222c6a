"""The state of a training as arrays: weights, optimizer, seed generators, metrics.

No pickle: one .npz whose keys are `<part>/<number>`, with the variables' paths beside them in
state.json, so that a state never loads into a model it does not belong to.
"""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fmtool.errors import DataError, Diverged

ARRAYS = "state.npz"
INDEX = "state.json"


def variables(model: Any) -> dict[str, list[Any]]:
    """The Keras variables of each part, in an order that depends on the model alone."""
    return {
        "trainable": list(model.trainable_variables),
        "non_trainable": list(model.non_trainable_variables),
        "optimizer": list(model.optimizer.variables),
        "metrics": list(model.metrics_variables),
    }


def save(model: Any, directory: Path) -> None:
    """Writes the state of a compiled model into an existing directory.

    Raises Diverged for weights that are NaN or infinite: the loss of a batch is that of before
    its step, so weights can be lost while every loss that was seen is finite.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    index: dict[str, str] = {}
    for part, members in variables(model).items():
        for number, variable in enumerate(members):
            key = f"{part}/{number:05d}"
            arrays[key] = keras.ops.convert_to_numpy(variable.value)
            if part in ("trainable", "non_trainable") and not _is_finite(arrays[key]):
                raise Diverged(
                    f"the weights {variable.path} became NaN or infinite",
                    fix="lower optimizer.learning_rate or clip gradients with "
                    "optimizer.global_clipnorm",
                )
            index[key] = variable.path
    with (directory / ARRAYS).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    (directory / INDEX).write_text(json.dumps(index, indent=0), encoding="utf-8")


def _is_finite(array: "np.ndarray[Any, Any]") -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def load(model: Any, directory: Path) -> None:
    """Assigns a saved state; DataError if it belongs to a model with other variables."""
    with np.load(directory / ARRAYS, allow_pickle=False) as arrays:
        for part, members in variables(model).items():
            keys = sorted(key for key in arrays.files if key.startswith(f"{part}/"))
            shapes = [arrays[key].shape for key in keys]
            if shapes != [tuple(variable.shape) for variable in members]:
                raise DataError(
                    f"{directory}: its {part} variables are not those of this model",
                    fix="use the config that the checkpoint was written with",
                )
            for key, variable in zip(keys, members, strict=True):
                variable.assign(arrays[key])
