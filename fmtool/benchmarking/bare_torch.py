"""A bare training loop on torch: eager, with the layers and the optimizer of Keras."""

from collections.abc import Callable
from itertools import cycle, islice

import torch

from fmtool.benchmarking.bare import Parts


def loop(parts: Parts) -> Callable[[int], None]:
    """Trains for a number of steps, and returns when the last one is done."""
    network, optimizer = parts.network, parts.optimizer
    variables = network.trainable_variables
    batches = cycle(parts.batches)

    def run(steps: int) -> None:
        for images, labels in islice(batches, steps):
            network.zero_grad()
            loss = parts.loss(labels, network(images, training=True)).mean() + sum(network.losses)
            loss.backward()
            with torch.no_grad():
                optimizer.apply([each.value.grad for each in variables], variables)
        loss.item()

    return run
