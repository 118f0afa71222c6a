"""Task of a child process: writes files in the formats of one backend."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fmtool import backend
from fmtool.export import formats
from fmtool.export.metadata import Metadata
from fmtool.export.options import Options
from fmtool.schema import RuntimeConfig


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes `job["path"]`; see `workflow` for the other keys."""
    module = formats.module(job["format"])
    backend.select(RuntimeConfig(**{**job["runtime"], "backend": module.BACKEND}))

    from fmtool.export import serving

    metadata = Metadata.from_json(job["metadata"], origin="the job")
    calibration = job["calibration"]
    options = Options(
        metadata=metadata,
        calibration=None if calibration is None else Path(calibration),
        opset=job["opset"],
        simplify=job["simplify"],
    )
    loaded = _network(Path(job["model"]), unrolls=getattr(module, "UNROLLS", False))
    served = serving.build(loaded, metadata)
    module.convert(served, Path(job["path"]), options)
    return {}


@cache
def _network(path: Path, *, unrolls: bool) -> Any:
    from fmtool.export import network

    return network.load(path, unrolls=unrolls)
