"""ONNX Runtime on the CPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.export.metadata import KEY, Metadata
from fmtool.export.runtimes.base import Runtime


class OnnxModel(Runtime):
    def __init__(self, session: Any, metadata: Metadata) -> None:
        super().__init__(metadata)
        self._session, self._names = session, list(metadata.outputs)

    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        feed = {self.metadata.input.name: samples}
        return dict(zip(self._names, self._session.run(self._names, feed), strict=True))


def open_file(path: Path, *, threads: int) -> OnnxModel:
    """See `runtimes.open_model`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    text = session.get_modelmeta().custom_metadata_map.get(KEY, "")
    return OnnxModel(session, Metadata.from_json(text, origin=str(path)))
