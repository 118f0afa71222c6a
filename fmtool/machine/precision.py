"""Which precision trains a network faster, told from its layers and what the machine measured.

A call of a layer is taken to cost a fixed time, for its dispatch and its casts, and a time per
operation; each precision has its own, and convolutions have their own time per operation.
"""

from collections.abc import Sequence

from fmtool.machine.flops import STEP_PASSES, LayerFlops
from fmtool.machine.measurement import Steps
from fmtool.machine.probes import CONVOLUTION, DENSE, SMALL, Precision

WORTHWHILE = 0.9
"""Of the time in float32: bfloat16 has to be below, as it loses digits."""


def faster(steps: Steps, calls: Sequence[LayerFlops], batch_size: int) -> Precision:
    """For training steps of `batch_size` samples through the layers of `layer_flops`."""
    half = predicted_seconds(steps, "bfloat16", calls, batch_size)
    full = predicted_seconds(steps, "float32", calls, batch_size)
    return "bfloat16" if half < WORTHWHILE * full else "float32"


def predicted_seconds(
    steps: Steps, precision: Precision, calls: Sequence[LayerFlops], batch_size: int
) -> float:
    """Processor time of a training step in its convolutions and dense layers."""
    small, large, convolution = (
        getattr(pair, precision) for pair in (steps.small, steps.dense, steps.convolution)
    )
    # large = fixed + rate * operations, small = count * fixed + rate * operations
    count = len(SMALL.layers)
    operations = STEP_PASSES * (count * DENSE.flops - SMALL.flops)
    dense_rate = max(count * large - small, 0.0) / operations
    fixed = max(small - dense_rate * STEP_PASSES * SMALL.flops, 0.0) / count
    rates = {
        "dense": dense_rate,
        "convolution": max(convolution - fixed, 0.0) / (STEP_PASSES * CONVOLUTION.flops),
    }
    seconds = (fixed + rates[each.kind] * STEP_PASSES * each.flops * batch_size for each in calls)
    return float(sum(seconds))
