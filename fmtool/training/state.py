"""The state of a training as arrays: weights, optimizer, seed generators, metrics.

No pickle: one .npz whose keys are `<part>/<number>` and `generators/<name>`, with the variables'
paths beside them in state.json for people.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fmtool.data.reading.array_files import read_npz
from fmtool.errors import ConfigChanged, Diverged
from fmtool.training.step import generators, to_host

ARRAYS = "state.npz"
INDEX = "state.json"
_GENERATORS = "generators/"
_MAX_ARRAYS = 1_000_000

Array = np.ndarray[Any, Any]


def variables(model: Any) -> dict[str, list[Any]]:
    """The Keras variables of each part, in an order that depends on the model alone.

    A constant learning rate is a variable to Keras but a setting to us: the config decides it.
    """
    return {
        "trainable": list(model.trainable_variables),
        "non_trainable": list(model.non_trainable_variables),
        "optimizer": [v for v in model.optimizer.variables if v.name != "learning_rate"],
        "metrics": list(model.metrics_variables),
    }


def bytes_of(members: Iterable[Any]) -> int:
    """The size of the values of some Keras variables, in bytes."""
    return sum(int(np.prod(v.shape)) * np.dtype(v.dtype).itemsize for v in members)


def metrics(model: Any) -> list[Array]:
    """Copies of the metrics' variables, to be given to `capture` when they have moved on."""
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in model.metrics_variables]


def set_metrics(model: Any, values: list[Array]) -> None:
    for variable, value in zip(model.metrics_variables, values, strict=True):
        variable.assign(value)


@dataclass(frozen=True)
class Snapshot:
    """A state as copies: the arrays by their key in the file, and the paths of the variables."""

    arrays: dict[str, Array]
    paths: dict[str, str]

    def write(self, directory: Path) -> None:
        """Into an existing directory."""
        with (directory / ARRAYS).open("wb") as file:
            np.savez(file, allow_pickle=False, **self.arrays)
        (directory / INDEX).write_text(json.dumps(self.paths, indent=0), encoding="utf-8")


def capture(model: Any, *, metric_values: list[Array] | None = None) -> Snapshot:
    """The state of a compiled model that has been trained.

    Raises Diverged for weights that are NaN or infinite: the loss of a batch is that of before
    its step, so weights can be lost while every loss that was seen is finite.

    Args:
        metric_values: stand for the present values of the metrics.
    """
    arrays: dict[str, Array] = {}
    paths: dict[str, str] = {}
    parts = variables(model)
    to_host.begin(variable.value for members in parts.values() for variable in members)
    for part, members in parts.items():
        for number, variable in enumerate(members):
            key = f"{part}/{number:05d}"
            arrays[key] = np.array(keras.ops.convert_to_numpy(variable.value))
            if part == "metrics" and metric_values is not None:
                arrays[key] = metric_values[number]
            if part in ("trainable", "non_trainable") and not _is_finite(arrays[key]):
                raise Diverged(f"the weights {variable.path} became NaN or infinite")
            paths[key] = variable.path
    arrays |= {f"{_GENERATORS}{name}": value for name, value in generators.state().items()}
    return Snapshot(arrays, paths)


def _is_finite(array: Array) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def require_fit(model: Any, directory: Path) -> None:
    """Raises ConfigChanged if the state in `directory` is not one of the built `model`."""
    _fitting_arrays(model, directory)


def load(model: Any, directory: Path) -> None:
    """Assigns a saved state to a built model; ConfigChanged if that has other variables.

    Raises DataError for a file that is damaged or holds objects.
    """
    arrays = _fitting_arrays(model, directory)
    for part, members in variables(model).items():
        for key, variable in zip(_keys(arrays, part), members, strict=True):
            variable.assign(arrays[key])
    names = [key for key in arrays if key.startswith(_GENERATORS)]
    generators.restore({key.removeprefix(_GENERATORS): arrays[key] for key in names})


def _fitting_arrays(model: Any, directory: Path) -> dict[str, Array]:
    arrays = read_npz(directory / ARRAYS, most_members=_MAX_ARRAYS)
    for part, members in variables(model).items():
        shapes = [arrays[key].shape for key in _keys(arrays, part)]
        if shapes != [tuple(variable.shape) for variable in members]:
            raise ConfigChanged(
                f"{directory}: its {part} variables are not those of this model",
                fix="use the config that the checkpoint was written with, or start a new run",
            )
    return arrays


def _keys(arrays: Mapping[str, Array], part: str) -> list[str]:
    return sorted(key for key in arrays if key.startswith(f"{part}/"))
