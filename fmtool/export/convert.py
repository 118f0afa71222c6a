"""Task of a child process: writes one file in one format."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmtool import backend, registry
from fmtool.export import formats
from fmtool.export.metadata import Metadata
from fmtool.export.options import Options
from fmtool.schema import RuntimeConfig


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes `job["path"]`; see `workflow` for the other keys."""
    registry.load_plugins(job["plugins"])
    module = formats.module(job["format"])
    backend.select(RuntimeConfig(**{**job["runtime"], "backend": module.BACKEND}))

    from fmtool.export import network, serving

    metadata = Metadata.from_json(job["metadata"], origin="the job")
    calibration = job["calibration"]
    options = Options(
        metadata=metadata,
        calibration=None if calibration is None else Path(calibration),
        opset=job["opset"],
        simplify=job["simplify"],
    )
    loaded = network.load(Path(job["model"]), unrolls=getattr(module, "UNROLLS", False))
    served = serving.build(loaded, metadata.input, tuple(metadata.outputs))
    module.convert(served, Path(job["path"]), options)
    return {}
