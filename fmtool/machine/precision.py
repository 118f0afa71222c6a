"""The faster precision for a network, told from its layers and the speed of the machine.

A call of a layer is taken to cost a fixed time, for its dispatch and its casts, and a time per
operation; each precision has its own, and convolutions have their own time per operation.
"""

from collections.abc import Sequence

from fmtool.machine.flops import STEP_PASSES, LayerFlops
from fmtool.machine.measurement import Steps
from fmtool.machine.probes import CONVOLUTION, DENSE, SMALL, Precision

WORTHWHILE = 0.9
"""The share of the time in float32 that bfloat16 has to be below, as it loses digits."""


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
    # The time of a probe is fixed * layers + rate * operations.
    few, many = len(DENSE.layers), len(SMALL.layers)
    operations = many * DENSE.step_flops - few * SMALL.step_flops
    dense_rate = max(many * large - few * small, 0.0) / operations
    fixed = max(small - dense_rate * SMALL.step_flops, 0.0) / many
    convolving = max(convolution - fixed * len(CONVOLUTION.layers), 0.0)
    rates = {
        "dense": dense_rate,
        "convolution": convolving / CONVOLUTION.step_flops,
    }
    passes = [STEP_PASSES - 1, *(STEP_PASSES for _ in calls[1:])]  # the first needs no gradient
    return float(
        sum(
            fixed + rates[call.kind] * count * call.flops * batch_size
            for call, count in zip(calls, passes, strict=False)
        )
    )
