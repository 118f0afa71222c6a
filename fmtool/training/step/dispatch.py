"""The number of steps that the backend runs between two looks at signals and progress."""

import time
from collections.abc import Callable
from typing import Any

import keras

from fmtool.machine.flops import model_flops
from fmtool.schema import RuntimeConfig, TrainConfig

_SECONDS = 0.4
"""The time that a dispatch may take; a signal is seen, and progress shown, after each."""
_LONGEST = 256
"""Steps; more gained nothing measurable."""
_SLOW_FLOPS = {"cpu": 2e10, "gpu": 2e12}
"""Floating-point operations a second that even convolutions on JAX reach."""
_BFLOAT16_ON_GPU = 10
"""Times as many: every GPU that has the type has matrix units for it."""

Batch = Any
"""The network's input for some samples: arrays or tensors (batch, ...)."""


def steps_per_dispatch(cfg: TrainConfig, network: Any, inputs: Batch, steps: int) -> int:
    """As many steps as take less than half a second; where rows fall is left to `BatchPlan.stops`.

    Args:
        inputs: of a batch.
        steps: of an epoch.
    """
    runtime = cfg.runtime
    if runtime.steps_per_dispatch != "auto":
        return runtime.steps_per_dispatch
    # A step, forward and backward, costs about three forward passes.
    seconds = 3 * _forward_seconds(network, inputs, runtime)
    return max(1, min(_LONGEST, steps, int(_SECONDS / seconds)))


def _forward_seconds(network: Any, inputs: Batch, runtime: RuntimeConfig) -> float:
    if keras.backend.backend() == "jax":
        return _estimated_seconds(network, inputs, runtime)
    return _measured_seconds(network, inputs)


def _estimated_seconds(network: Any, inputs: Batch, runtime: RuntimeConfig) -> float:
    """From the operation count, as compiling on JAX takes longer than the answer is worth."""
    rate = _SLOW_FLOPS[runtime.device]
    if runtime.device == "gpu" and runtime.precision == "bfloat16":
        rate *= _BFLOAT16_ON_GPU
    return len(keras.tree.flatten(inputs)[0]) * model_flops(network).total / rate + 1e-5


def loops_on_device(network: Any, inputs: Batch, device: str) -> bool:
    """True where JAX runs the steps of a dispatch as a loop; see `jax_dispatch.Dispatch`."""
    if keras.backend.backend() != "jax":
        return False
    return device == "gpu" or "stablehlo.convolution" not in _lowered(network, inputs).as_text()


def _lowered(network: Any, inputs: Batch) -> Any:
    import jax

    def forward(trainable: Any, non_trainable: Any, batch: Any) -> Any:
        return network.stateless_call(trainable, non_trainable, batch, training=False)[0]

    state = (
        [each.value for each in variables]
        for variables in (network.trainable_variables, network.non_trainable_variables)
    )
    return jax.jit(forward).lower(*state, inputs)


def _measured_seconds(network: Any, inputs: Batch) -> float:
    """The best of three passes over a batch, on TensorFlow or torch."""
    forward = _forward_on_torch if keras.backend.backend() == "torch" else _compiled_forward()
    forward(network, inputs)
    timings = []
    for _ in range(3):
        began = time.perf_counter()
        forward(network, inputs)
        timings.append(time.perf_counter() - began)
    return min(timings)


def _compiled_forward() -> Callable[[Any, Batch], Any]:
    import tensorflow as tf

    compiled = tf.function(lambda network, batch: network(batch, training=False))

    def forward(network: Any, inputs: Batch) -> Any:
        return keras.tree.map_structure(lambda each: each.numpy(), compiled(network, inputs))

    return forward


def _forward_on_torch(network: Any, inputs: Batch) -> Any:
    import torch

    with torch.no_grad():
        outputs = network(inputs, training=False)
        return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)
