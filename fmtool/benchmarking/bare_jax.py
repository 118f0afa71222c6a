"""A bare training loop on JAX: one compiled step, which is given its state to overwrite."""

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from typing import Any

import jax

from fmtool.benchmarking.bare import Parts

State = tuple[list[Any], list[Any], list[Any]]
"""The values of trainable variables, of others, and of those of the optimizer."""


def loop(parts: Parts) -> Callable[[int], None]:
    """Trains for a number of steps, and returns when the last one is done."""
    network, optimizer = parts.network, parts.optimizer

    def loss_of(trainable: list[Any], others: list[Any], images: Any, labels: Any) -> Any:
        logits, others, penalties = network.stateless_call(
            trainable, others, images, training=True, return_losses=True
        )
        return parts.loss(labels, logits).mean() + sum(penalties), others

    @partial(jax.jit, donate_argnums=0)
    def step(state: State, images: Any, labels: Any) -> tuple[State, Any]:
        trainable, others, moments = state
        gradients_of = jax.value_and_grad(loss_of, has_aux=True)
        (loss, others), gradients = gradients_of(trainable, others, images, labels)
        trainable, moments = optimizer.stateless_apply(moments, gradients, trainable)
        return (trainable, others, moments), loss

    batches = cycle(parts.batches)
    state: State = (
        [each.value for each in network.trainable_variables],
        [each.value for each in network.non_trainable_variables],
        [each.value for each in optimizer.variables],
    )

    def run(steps: int) -> None:
        nonlocal state
        for images, labels in islice(batches, steps):
            state, loss = step(state, images, labels)
        loss.block_until_ready()

    return run
