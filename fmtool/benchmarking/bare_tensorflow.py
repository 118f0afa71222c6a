"""A bare training loop on TensorFlow: one compiled step, called for each batch."""

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import tensorflow as tf

from fmtool.benchmarking.bare import Parts


def loop(parts: Parts) -> Callable[[int], None]:
    """Trains for a number of steps, and returns when the last one is done."""
    network, optimizer = parts.network, parts.optimizer
    variables = network.trainable_variables

    @tf.function(jit_compile=parts.jit)  # type: ignore[untyped-decorator]  # ships no types
    def step(images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(parts.loss(labels, network(images, training=True)))
            loss += sum(network.losses)
        optimizer.apply(tape.gradient(loss, [each.value for each in variables]), variables)
        return loss

    batches = cycle(parts.batches)

    def run(steps: int) -> None:
        for images, labels in islice(batches, steps):
            loss = step(images, labels)
        loss.numpy()

    return run
