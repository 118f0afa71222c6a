"""OpenVINO on the CPU, in float32: by itself it would take bfloat16 where the CPU has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.export.metadata import KEY, Metadata
from fmtool.export.runtimes.base import Runtime


class OpenVinoModel(Runtime):
    def __init__(self, compiled: Any, metadata: Metadata) -> None:
        super().__init__(metadata)
        self._compiled = compiled

    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        found = self._compiled({self.metadata.input.name: samples})
        return {name: found[name] for name in self.metadata.outputs}


def open_file(path: Path, *, threads: int) -> OpenVinoModel:
    """See `runtimes.open_model`."""
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    text = str(model.get_rt_info(KEY).value) if model.has_rt_info(KEY) else ""
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = core.compile_model(model, "CPU", settings)
    return OpenVinoModel(compiled, Metadata.from_json(text, origin=str(path)))
