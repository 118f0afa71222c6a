"""Task of a child process: runs an exported file in its own runtime, and takes the time.

Keras is not there, except for a .keras file.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.export import other_sizes, runtimes
from fmtool.export.outputs import Writer
from fmtool.export.runtimes.base import Runtime
from fmtool.machine import memory
from fmtool.machine.hiding import hide

BATCHES = (1, 32)
"""The batch sizes of the latencies."""
_WARM_UP = 3
_MAX_CALLS = 50
_MAX_SECONDS = 2.0


def main(job: Mapping[str, Any]) -> dict[str, Any]:
    """Writes outputs of `job["samples"]` into `job["folder"]`; gives times and peak memory.

    `job["pictures"]`, if not None, has what a file that reads any size is tried on besides.
    """
    path = Path(job["path"])
    if path.suffix == ".keras":
        _select_keras(job)
    else:
        # TensorFlow imports it wherever it is installed.
        hide("keras")
    began = time.perf_counter()
    model = runtimes.open_model(path, threads=job["threads"])
    seconds_to_load = time.perf_counter() - began
    samples = np.load(job["samples"], mmap_mode="r", allow_pickle=False)
    writer = Writer(Path(job["folder"]), len(samples), model.metadata.dtypes)
    size, seconds = job["batch_size"], 0.0
    model(np.array(samples[:size]))
    for first in range(0, len(samples), size):
        batch = np.array(samples[first : first + size])
        began = time.perf_counter()
        outputs = model(batch)
        seconds += time.perf_counter() - began
        writer.add(outputs)
    writer.close()
    if job["pictures"]:
        _try_pictures(model, job["pictures"])
    latencies = {}
    if model.metadata.input.batch is None:
        latencies = {str(each): _latency(model, samples, each) for each in BATCHES}
    else:
        fixed = model.metadata.input.batch
        latencies[str(fixed)] = _latency(model, samples, fixed)
    return {
        "seconds_to_load": seconds_to_load,
        "samples_per_second": len(samples) / seconds,
        "latency_ms": latencies,
        "peak_memory_bytes": memory.peak(),
    }


def _try_pictures(model: Runtime, job: Mapping[str, Any]) -> None:
    """Writes what the file gives for pictures as they are, and for the same ones resized."""
    paths = [Path(each) for each in job["paths"]]
    raw = Writer(Path(job["folder"]), len(paths), model.metadata.dtypes)
    for outputs in other_sizes.answers(model, paths):
        raw.add(outputs)
    raw.close()
    samples = np.load(job["resized"], allow_pickle=False)
    at_size = Writer(Path(job["folder_resized"]), len(samples), model.metadata.dtypes)
    at_size.add(model(samples))
    at_size.close()


def _select_keras(job: Mapping[str, Any]) -> None:
    from fmtool import backend
    from fmtool.schema import RuntimeConfig

    backend.select(RuntimeConfig(**{**job["runtime"], "backend": "tensorflow"}))


def _latency(model: Runtime, samples: NDArray[Any], size: int) -> dict[str, float]:
    """Median and 95th percentile, in milliseconds, of calls with `size` samples."""
    batch = np.array(samples[np.arange(size) % len(samples)])
    for _ in range(_WARM_UP):
        model(batch)
    times: list[float] = []
    until = time.perf_counter() + _MAX_SECONDS
    while len(times) < _MAX_CALLS and time.perf_counter() < until:
        began = time.perf_counter()
        model(batch)
        times.append(1000 * (time.perf_counter() - began))
    return {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))}
