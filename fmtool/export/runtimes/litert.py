"""The LiteRT interpreter (once TensorFlow Lite)."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.export.metadata import FILE, Metadata
from fmtool.export.runtimes.base import Runtime


class LiteRtModel(Runtime):
    def __init__(self, interpreter: Any, metadata: Metadata) -> None:
        super().__init__(metadata)
        # Here, and not at the first call, it says on stderr by what it computes.
        interpreter.allocate_tensors()
        self._interpreter = interpreter
        self._signature = interpreter.get_signature_runner()

    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        outputs: Mapping[str, NDArray[Any]] = self._signature(**{self.metadata.input.name: samples})
        return outputs


def open_file(path: Path, *, threads: int) -> LiteRtModel:
    """See `runtimes.open_model`."""
    from ai_edge_litert.interpreter import Interpreter

    metadata = Metadata.from_json(_text(path), origin=str(path))
    return LiteRtModel(Interpreter(model_path=str(path), num_threads=threads), metadata)


def _text(path: Path) -> str:
    """From the archive behind the model, where the format keeps files of others."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(FILE).decode()
    except (zipfile.BadZipFile, KeyError, ValueError):
        return ""
