"""Task of a child process: what the run's own network gives, on its own backend, in float32."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fmtool import backend
from fmtool.export.metadata import EMBEDDING, Metadata
from fmtool.export.outputs import Writer
from fmtool.schema import RuntimeConfig


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes outputs of `job["samples"]` into `job["folder"]`; see `workflow` for other keys."""
    backend.select(RuntimeConfig(**job["runtime"]))

    from fmtool.export import network, serving

    metadata = Metadata.from_json(job["metadata"], origin="the job")
    model = network.load(Path(job["model"]))
    task = metadata.serving
    embeds = EMBEDDING in metadata.outputs
    served = serving.embedding(model) if embeds else None
    samples = np.load(job["samples"], mmap_mode="r", allow_pickle=False)
    writer = Writer(Path(job["folder"]), len(samples), metadata.dtypes)
    size = min(job["batch_size"], len(samples))
    for first in range(0, len(samples), size):
        batch = samples[np.minimum(np.arange(first, first + size), len(samples) - 1)]
        outputs = task.reference(np.asarray(model.predict_on_batch(batch)))
        if served is not None:
            outputs[EMBEDDING] = np.asarray(served.predict_on_batch(batch))
        writer.add(outputs)
    writer.close()
    return {}
