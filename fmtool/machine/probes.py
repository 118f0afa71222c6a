"""Short measurements on the active backend: training steps in two precisions, and the peak."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal, TypeVar

import numpy as np

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
_LEAST_REPEATS, _MOST_REPEATS = 5, 100
_LONG_ENOUGH = 0.25
"""Seconds after which no more than the least repeats are made."""
_SIDE = {"cpu": 1024, "gpu": 8192}
"""Of the matrices whose product shows the peak: 2 GFLOP, or 1100."""
_IN_FLIGHT = {"cpu": 1, "gpu": 4}
"""Products between two waits: those of a GPU take time of their own."""


@dataclass(frozen=True)
class Probe:
    """Layers, and the batch that they are trained on."""

    layers: tuple[tuple[str, Mapping[str, Any]], ...]
    """Each as the name of its class in Keras, and its arguments."""
    input_shape: tuple[int, ...]
    flops: int
    """Of the forward pass of the batch."""


CONVOLUTION = Probe(
    layers=(("Conv2D", {"filters": 64, "kernel_size": 3, "padding": "same"}),),
    input_shape=(16, 32, 32, 32),
    flops=16 * 32 * 32 * 2 * 3 * 3 * 32 * 64,
)
DENSE = Probe((("Dense", {"units": 1024}),), (512, 1024), flops=512 * 2 * 1024 * 1024)
SMALL = Probe(
    layers=(
        ("Dense", {"units": 256, "activation": "relu"}),
        ("Dense", {"units": 128, "activation": "relu"}),
        ("Dense", {"units": 10, "dtype": "float32"}),
    ),
    input_shape=(32, 784),
    flops=32 * 2 * (784 * 256 + 256 * 128 + 128 * 10),
)
"""A whole network, so small that its dispatch and its casts count most."""


def step_seconds(probe: Probe) -> dict[Precision, float]:
    """Processor time of a forward and backward pass, the median, in each precision.

    Unlike time on the clock, it is the same while other processes take the cores. The two
    precisions take turns, so that they share what does change it.
    """
    with _without_idle_spinning():
        steps = {precision: _training_step(probe, precision) for precision in PRECISIONS}
        for step in steps.values():
            step()
        timings = _timings(steps, clock=time.process_time)
    return {precision: median(timings[precision]) for precision in PRECISIONS}


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
    for repeat in range(_MOST_REPEATS):
        if repeat >= _LEAST_REPEATS and time.perf_counter() > enough:
            break
        for name, work in works.items():
            began = clock()
            work()
            timings[name].append(clock() - began)
    return timings


@contextmanager
def _without_idle_spinning() -> Iterator[None]:
    """Gives torch a single thread: others burn processor time while they wait for each other."""
    import keras

    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _training_step(probe: Probe, precision: Precision) -> Callable[[], Any]:
    """Compiles; what is returned waits until the gradients are there.

    It draws no random number and takes no automatic name: what is trained next must not depend
    on whether there was a measurement before.
    """
    import keras

    settings = {
        "kernel_initializer": keras.initializers.Constant(0.01),
        "dtype": precision if precision == "float32" else f"mixed_{precision}",
    }
    layers = [
        getattr(keras.layers, name)(**settings | own, name=f"probe_{number}")
        for number, (name, own) in enumerate(probe.layers)
    ]
    network = keras.Sequential(layers, name="probe")
    network.build(probe.input_shape)
    batch = np.random.default_rng(0).random(probe.input_shape, dtype=np.float32)
    inputs = keras.ops.convert_to_tensor(batch)
    gradients_of = _GRADIENTS[str(keras.backend.backend())]
    return gradients_of(network, inputs)


def _tensorflow_gradients(network: Any, inputs: Any) -> Callable[[], Any]:
    import tensorflow as tf

    def gradients() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(tf.square(network(inputs)))
        return tape.gradient(loss, [inputs, *network.trainable_weights])

    compiled: Callable[[], Any] = tf.function(gradients)
    return compiled


def _jax_gradients(network: Any, inputs: Any) -> Callable[[], Any]:
    import jax

    weights = [variable.value for variable in network.trainable_variables]

    def loss(weights: Any, inputs: Any) -> Any:
        return jax.numpy.square(network.stateless_call(weights, [], inputs)[0]).sum()

    gradients = jax.jit(jax.grad(loss, argnums=(0, 1)))
    return lambda: jax.block_until_ready(gradients(weights, inputs))


def _torch_gradients(network: Any, inputs: Any) -> Callable[[], Any]:
    import torch

    inputs.requires_grad_()
    weights = [variable.value for variable in network.trainable_variables]

    def gradients() -> None:
        torch.autograd.grad(network(inputs).square().sum(), [inputs, *weights])

    return gradients


_GRADIENTS: dict[str, Callable[[Any, Any], Callable[[], Any]]] = {
    "tensorflow": _tensorflow_gradients,
    "jax": _jax_gradients,
    "torch": _torch_gradients,
}
