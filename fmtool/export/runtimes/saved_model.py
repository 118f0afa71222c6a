"""TensorFlow's SavedModel, by its serving signature."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.export.metadata import FILE, Metadata
from fmtool.export.runtimes.base import Runtime

EXTRAS = "assets.extra"
"""The folder of a SavedModel for files that are not TensorFlow's."""

SIGNATURE = "serving_default"


class SavedModel(Runtime):
    def __init__(self, loaded: Any, metadata: Metadata) -> None:
        super().__init__(metadata)
        # Its variables live as long as it does.
        self._loaded = loaded

    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        outputs = self._loaded.signatures[SIGNATURE](**{self.metadata.input.name: samples})
        return {name: value.numpy() for name, value in outputs.items()}


def open_file(path: Path, *, threads: int) -> SavedModel:
    """See `runtimes.open_model`."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    file = path / EXTRAS / FILE
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return SavedModel(tf.saved_model.load(str(path)), Metadata.from_json(text, origin=str(path)))
