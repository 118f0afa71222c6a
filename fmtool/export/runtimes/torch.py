"""Programs of `torch.export`, run without Keras."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.export.metadata import FILE, Metadata
from fmtool.export.runtimes.base import Runtime


class TorchProgram(Runtime):
    def __init__(self, program: Any, metadata: Metadata) -> None:
        super().__init__(metadata)
        self._module = program.module()

    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        import torch

        with torch.inference_mode():
            outputs = self._module(torch.from_numpy(samples))
        return {name: value.numpy() for name, value in outputs.items()}


def open_file(path: Path, *, threads: int) -> TorchProgram:
    """See `runtimes.open_model`."""
    import torch

    torch.set_num_threads(threads)
    files = {FILE: ""}
    program = torch.export.load(path, extra_files=files)
    return TorchProgram(program, Metadata.from_json(files[FILE], origin=str(path)))
