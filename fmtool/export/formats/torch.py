"""A program of `torch.export`, which runs without Keras."""

from pathlib import Path
from typing import Any

from fmtool.export.metadata import FILE as METADATA_FILE
from fmtool.export.options import Options

BACKEND = "torch"
MODULES = ("torch",)
PIP = "fmtool[torch]"
QUANTIZATIONS = ()
FILE = "model.pt2"


def convert(network: Any, path: Path, options: Options) -> None:
    import torch

    reads = options.metadata.input
    # Two samples: the size of one is taken for a constant.
    shape = (reads.batch or 2, *(side or trained for side, trained in _sides(options)))
    sample = torch.ones(shape, dtype=getattr(torch, reads.dtype))
    program = torch.export.export(
        _Serving(network),
        (sample,),
        dynamic_shapes=({0: torch.export.Dim("batch")} if reads.batch is None else {},),
    )
    extra = {METADATA_FILE: options.metadata.to_json()}
    torch.export.save(program, path, extra_files=extra)


def _sides(options: Options) -> Any:
    return zip(options.metadata.input.shape, options.metadata.trained_shape, strict=True)


def _Serving(network: Any) -> Any:  # noqa: N802 - makes a class, which needs torch
    import torch

    class Serving(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, samples: Any) -> Any:
            return self.network(samples, training=False)

    return Serving()
