"""A .keras file, in Keras."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.export.metadata import FILE, Metadata
from fmtool.export.runtimes.base import Runtime

ASSET = f"assets/{FILE}"


class KerasModel(Runtime):
    def __init__(self, model: Any, metadata: Metadata) -> None:
        super().__init__(metadata)
        self._model = model

    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        outputs = self._model.predict_on_batch(samples)
        return {name: np.asarray(value) for name, value in outputs.items()}


def open_file(path: Path, *, threads: int) -> KerasModel:
    """See `runtimes.open_model`."""
    from fmtool.evaluation.measure import load_model

    model = load_model(path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read(ASSET).decode() if ASSET in archive.namelist() else ""
    return KerasModel(model, Metadata.from_json(text, origin=str(path)))
