"""Numbers of a trained model beside its scores: its weights, its bytes, its time."""

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from fmtool.schema import ReportConfig
from fmtool.trees import mapped

_WARM_UPS = 3
_TIMES = 20


def model_facts(network: Any, path: Path, wanted: ReportConfig) -> dict[str, float | None]:
    """`parameters`; `bytes` of the file at `path`; `latency_ms`, for one sample, if wanted."""
    facts: dict[str, float | None] = {
        "parameters": network.count_params(),
        "bytes": path.stat().st_size,
    }
    if wanted.latency:
        facts["latency_ms"] = _latency_ms(network)
    return facts


def _latency_ms(network: Any) -> float:
    """The median of several calls with a batch of one, compiled as Keras' `predict` is."""
    sample = mapped(
        lambda each: np.zeros((1, *each.shape[1:]), dtype=str(each.dtype)), network.input
    )
    times = []
    for _ in range(_WARM_UPS + _TIMES):
        began = time.perf_counter()
        network.predict_on_batch(sample)
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times[_WARM_UPS:]), 4)
