"""Task of a child process: what a file of a bundle says of itself, and gives for some samples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fmtool.export import runtimes
from fmtool.export.outputs import Writer


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes outputs of `job["samples"]` into `job["folder"]`; gives the metadata of the file."""
    path = Path(job["path"])
    if path.suffix == ".keras":
        from fmtool import backend
        from fmtool.schema import RuntimeConfig

        backend.select(RuntimeConfig(**job["runtime"]))
    model = runtimes.open_model(path, threads=job["runtime"]["threads"])
    samples = np.load(job["samples"], allow_pickle=False)
    writer = Writer(Path(job["folder"]), len(samples))
    writer.add(model(samples))
    writer.close()
    return {"metadata": model.metadata.to_json()}
