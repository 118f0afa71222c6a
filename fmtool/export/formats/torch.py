"""A program of `torch.export`, which runs without Keras."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fmtool.export.metadata import FILE as METADATA_FILE
from fmtool.export.options import Options

BACKEND = "torch"
MODULES = ("torch",)
QUANTIZATIONS = ()
FILE = "model.pt2"


def convert(network: Any, path: Path, options: Options) -> None:
    import torch

    class Serving(torch.nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, samples: Any) -> Any:
            return self.network(samples, training=False)

    reads, trained = options.metadata.input, options.metadata.trained_shape
    # Two samples: the size of one would be taken for a constant.
    shape = reads.batch or 2, *trained
    sample = torch.ones(shape, dtype=getattr(torch, reads.dtype))
    sides = (reads.batch, *reads.shape)
    open_sides = {axis: torch.export.Dim.DYNAMIC for axis, side in enumerate(sides) if side is None}
    with _gathering():
        program = torch.export.export(Serving(), (sample,), dynamic_shapes=(open_sides,))
    for node in program.graph.nodes:
        # Paths of this machine.
        node.meta.pop("stack_trace", None)
    extra = {METADATA_FILE: options.metadata.to_json()}
    torch.export.save(program, path, extra_files=extra)


@contextmanager
def _gathering() -> Iterator[None]:
    """`take_along_dim` as `gather`: of the former torch.export takes the batch for a constant."""
    import torch

    def take_along(x: Any, indices: Any, dim: int) -> Any:
        dim %= x.ndim
        sizes = [
            side if axis != dim and found == 1 else -1
            for axis, (side, found) in enumerate(zip(x.shape, indices.shape, strict=True))
        ]
        return torch.gather(x, dim, indices.expand(sizes))

    original = torch.take_along_dim
    torch.take_along_dim = take_along
    try:
        yield
    finally:
        torch.take_along_dim = original
