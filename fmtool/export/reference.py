"""Task of a child process: what the run's own network gives, on its own backend, in float32."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fmtool import backend, registry
from fmtool.export.metadata import Metadata
from fmtool.export.outputs import Writer
from fmtool.schema import RuntimeConfig


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes outputs of `job["samples"]` into `job["folder"]`; see `workflow` for other keys."""
    registry.load_plugins(job["plugins"])
    backend.select(RuntimeConfig(**job["runtime"]))

    from fmtool.export import network, serving

    metadata = Metadata.from_json(job["metadata"], origin="the job")
    model = serving.build(network.load(Path(job["model"])), metadata.input, tuple(metadata.outputs))
    samples = np.load(job["samples"], mmap_mode="r", allow_pickle=False)
    writer = Writer(Path(job["folder"]), len(samples))
    size = metadata.input.batch or job["batch_size"]
    for first in range(0, len(samples), size):
        rows = np.minimum(np.arange(first, first + size), len(samples) - 1)
        outputs = model.predict_on_batch(samples[rows])
        writer.add({name: np.asarray(value) for name, value in outputs.items()})
    writer.close()
    return {}
