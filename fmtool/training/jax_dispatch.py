"""Many steps of a training in one call into JAX; imported where the backend is JAX."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fmtool.training.epoch_table import EpochTable
from fmtool.training.plan import Plan

Table = tuple[Any, Any]
Step = Callable[[Any, Any], tuple[Any, Any]]
"""(state, batch) to (logs, state)."""


class Dispatch:
    """A train or test function for Keras' trainer that runs the steps an epoch's table holds.

    The steps of one call are a loop on the device whose length is an argument: one compilation
    serves every length, and a length changes no bit. Convolutions collapse inside of a loop on
    XLA's CPU backend (26 times slower, jax#12868), so there each step is a call of its own.

    What `fit` is fed are the numbers of the steps, `feed.StepNumbers`.

    Args:
        step: traced; its state is donated.
        length: steps that one call runs at most.
        loops: whether the steps of a call are a loop on the device.
    """

    def __init__(self, step: Step, plan: Plan, table: Table, *, length: int, loops: bool) -> None:
        self._plan, self._table, self._length, self._loops = plan, table, length, loops
        self._epoch = EpochTable(plan, jnp.asarray)

        def one(state: Any, batches: Any, table: Table, number: Any) -> tuple[Any, Any]:
            return step(state, (*(each[number] for each in batches), table))

        def several(state: Any, batches: Any, table: Table, begin: Any, end: Any) -> Any:
            def body(number: Any, carried: tuple[Any, Any]) -> tuple[Any, Any]:
                return one(carried[1], batches, table, number)

            logs, _ = jax.eval_shape(one, state, batches, table, begin)
            empty = jax.tree.map(lambda each: jnp.zeros(each.shape, each.dtype), logs)
            return jax.lax.fori_loop(begin, end, body, (empty, state))

        def ragged(state: Any, batch: Any, table: Table) -> tuple[Any, Any]:
            return step(state, (*batch, table))

        self._one = jax.jit(one, donate_argnums=0)
        self._several = jax.jit(several, donate_argnums=0)
        self._ragged = jax.jit(ragged, donate_argnums=0)

    def __call__(self, state: Any, iterator: Iterator[tuple[Any]]) -> tuple[Any, Any]:
        numbers = [int(number) for (number,) in islice(iterator, self._length)]
        if not numbers:
            raise StopIteration
        return self._run(state, numbers)

    def _run(self, state: Any, numbers: Sequence[int]) -> tuple[Any, Any]:
        batches = self._epoch.batches()
        whole = [number for number in numbers if number < self._epoch.lines]
        logs: Any = None
        if whole and self._loops:
            bounds = np.int32(whole[0]), np.int32(whole[-1] + 1)
            logs, state = self._several(state, batches, self._table, *bounds)
        elif whole:
            for number in whole:
                logs, state = self._one(state, batches, self._table, np.int32(number))
        for number in numbers[len(whole) :]:
            batch = tuple(each[self._plan.batch(number)] for each in self._plan.arrays())
            logs, state = self._ragged(state, batch, self._table)
        return logs, state
