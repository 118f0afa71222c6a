"""Short measurements on the active backend: training steps in two precisions, and the peak."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, TypeVar

import numpy as np

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
_LEAST_REPEATS, _MAX_REPEATS = 5, 100
_LONG_ENOUGH = 0.25
"""Seconds after which no more than the least repeats are made."""
_SIDE = {"cpu": 1024, "gpu": 8192}
"""The side of the matrices whose product shows the peak: 2 GFLOP, or 1100."""
_IN_FLIGHT = {"cpu": 1, "gpu": 4}
"""Products between two waits: those of a GPU take time of their own."""


@dataclass(frozen=True)
class Probe:
    """A small network, and the batch that it is trained on."""

    layers: tuple[tuple[str, Mapping[str, Any]], ...]
    """Each as the name of its class in Keras, and its arguments."""
    input_shape: tuple[int, ...]
    step_flops: int
    """The work of a training step; the first layer needs no gradient of its inputs."""
    steps: int = 1
    """Between two looks at the clock, and in one dispatch where training does several in one."""


_CONVOLUTION = ("Conv2D", {"filters": 64, "kernel_size": 3, "padding": "same"})
CONVOLUTION = Probe(
    layers=(_CONVOLUTION, _CONVOLUTION),
    input_shape=(8, 32, 32, 32),
    step_flops=8 * 32 * 32 * 2 * 3 * 3 * 64 * (2 * 32 + 3 * 64),
)
DENSE = Probe(
    layers=(("Dense", {"units": 1024}), ("Dense", {"units": 1024})),
    input_shape=(256, 1024),
    step_flops=256 * 2 * 1024 * 1024 * (2 + 3),
)
SMALL = Probe(
    layers=(
        ("Dense", {"units": 256, "activation": "relu"}),
        ("Dense", {"units": 128, "activation": "relu"}),
        ("Dense", {"units": 10, "dtype": "float32"}),
    ),
    input_shape=(32, 784),
    step_flops=32 * 2 * (2 * 784 * 256 + 3 * 256 * 128 + 3 * 128 * 10),
    steps=8,
)
"""So small that its dispatch and its casts count most."""


def step_seconds(probe: Probe) -> dict[Precision, float]:
    """Processor time of a forward and backward pass, the median, in each precision.

    Unlike time on the clock, it is the same while other processes take the cores. The two
    precisions take turns, so that they share what does change it.
    """
    steps = {precision: _training_steps(probe, precision) for precision in PRECISIONS}
    for step in steps.values():
        step()
    timings = _timings(steps, clock=time.process_time)
    return {name: median(timings[name]) / probe.steps for name in PRECISIONS}


def peak(device: str, precision: Precision) -> float:
    """FLOP/s of the product of large matrices, by the backend or, on a CPU, by NumPy if faster."""
    import keras

    side, in_flight = _SIDE[device], _IN_FLIGHT[device]
    matrix = np.random.default_rng(0).random((side, side), dtype=np.float32)
    operand = keras.ops.convert_to_tensor(matrix, dtype=precision)

    def products() -> None:
        for _ in range(in_flight):
            product = keras.ops.matmul(operand, operand)
        keras.ops.convert_to_numpy(keras.ops.cast(product[0, 0], "float32"))

    products()
    seconds = min(_timings({"backend": products}, clock=time.perf_counter)["backend"]) / in_flight
    if device == "cpu" and precision == "float32":
        # torch's MKL does not have the best kernel for every processor.
        works = {"numpy": lambda: matrix @ matrix}
        seconds = min(seconds, *_timings(works, clock=time.perf_counter)["numpy"])
    return 2 * side**3 / seconds


Name = TypeVar("Name", bound=str)


def _timings(
    works: Mapping[Name, Callable[[], Any]], *, clock: Callable[[], float]
) -> dict[Name, list[float]]:
    """Seconds of each, in turns."""
    timings: dict[Name, list[float]] = {name: [] for name in works}
    enough = time.perf_counter() + _LONG_ENOUGH
    for repeat in range(_MAX_REPEATS):
        if repeat >= _LEAST_REPEATS and time.perf_counter() > enough:
            break
        for name, work in works.items():
            began = clock()
            work()
            timings[name].append(clock() - began)
    return timings


def _training_steps(probe: Probe, precision: Precision) -> Callable[[], Any]:
    """A function that does `probe.steps` steps and returns when the last one is done.

    It draws no random number: what is trained next must not depend on whether there was a
    measurement before.
    """
    import keras

    settings = {
        "kernel_initializer": keras.initializers.Constant(0.01),
        "dtype": precision if precision == "float32" else f"mixed_{precision}",
    }
    layers = [getattr(keras.layers, name)(**{**settings, **own}) for name, own in probe.layers]
    network = keras.Sequential(layers)
    network.build(probe.input_shape)
    batch = np.random.default_rng(0).random(probe.input_shape, dtype=np.float32)
    inputs = keras.ops.convert_to_tensor(batch)
    if keras.backend.backend() == "tensorflow":
        return _tensorflow_steps(network, inputs, probe.steps)
    step = (_jax_step if keras.backend.backend() == "jax" else _torch_step)(network, inputs)

    def steps() -> None:
        for _ in range(probe.steps):
            step()

    return steps


def _tensorflow_steps(network: Any, inputs: Any, count: int) -> Callable[[], Any]:
    import tensorflow as tf

    weights = [variable.value for variable in network.trainable_variables]

    def step(done: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(network(inputs)))
        gradients = tape.gradient(loss, weights)
        # Without a change from step to step, TensorFlow would do but one of them.
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(1e-9 * gradient)
        return (done + 1,)

    def steps() -> Any:
        return tf.while_loop(lambda done: done < count, step, (0,))

    compiled: Callable[[], Any] = tf.function(steps)
    return compiled


def _jax_step(network: Any, inputs: Any) -> Callable[[], Any]:
    import jax

    weights = [variable.value for variable in network.trainable_variables]

    def loss(weights: Any) -> Any:
        return jax.numpy.square(network.stateless_call(weights, [], inputs)[0]).sum()

    gradients = jax.jit(jax.grad(loss))
    return lambda: jax.block_until_ready(gradients(weights))


def _torch_step(network: Any, inputs: Any) -> Callable[[], Any]:
    import torch

    weights = [variable.value for variable in network.trainable_variables]
    return lambda: torch.autograd.grad(network(inputs).square().sum(), weights)
