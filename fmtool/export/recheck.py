"""Task of a child process: what a file of a bundle says of itself, and gives for some samples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fmtool.export import bundle, other_sizes, runtimes
from fmtool.export.outputs import Writer


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes outputs of `job["samples"]` into `job["folder"]`; gives the metadata of the file.

    Of `job["pictures"]`, files of other sizes, they go into a folder in it.
    """
    path = Path(job["path"])
    if path.suffix == ".keras":
        from fmtool import backend
        from fmtool.schema import RuntimeConfig

        backend.select(RuntimeConfig(**job["runtime"]))
    model = runtimes.open_model(path, threads=job["runtime"]["threads"])
    samples = np.load(job["samples"], allow_pickle=False)
    writer = Writer(Path(job["folder"]), len(samples), model.metadata.dtypes)
    writer.add(model(samples))
    writer.close()
    paths = [Path(each) for each in job["pictures"]]
    if paths:
        pictures = Writer(Path(job["folder"], bundle.PICTURES), len(paths), model.metadata.dtypes)
        for outputs in other_sizes.answers(model, paths):
            pictures.add(outputs)
        pictures.close()
    return {"metadata": model.metadata.to_json()}
