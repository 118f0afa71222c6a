"""Many steps of a training in one call into JAX; imported where the backend is JAX."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fmtool.training.step.epoch_table import EpochTable, FedSteps
from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.table import Arrays, Table
from fmtool.trees import mapped

Step = Callable[[Any, Any], tuple[Any, Any]]
"""(state, batch) to (logs, state)."""


class Dispatch:
    """A train or test function for Keras' trainer that runs the steps an epoch's table holds.

    The steps of one call are a loop on the device whose length is an argument: one compilation
    serves every length, and a length changes no bit. Convolutions collapse inside of a loop on
    XLA's CPU backend (26 times slower, jax#12868), so there each step is a call of its own.

    What `fit` is fed are the numbers of the steps, see `EpochTable.steps`: off the CPU, Keras puts
    each of them on the device, from where it takes longer to come back than a small step.

    Args:
        step: traced; its state is donated.
        length: steps that one call runs at most.
        loops: whether the steps of a call are a loop on the device.
    """

    def __init__(
        self, step: Step, plan: BatchPlan, table: Table, *, length: int, loops: bool
    ) -> None:
        self._plan, self._table, self._length, self._loops = plan, table, length, loops
        self._epoch = EpochTable(plan, jnp.asarray)
        self._logs_before: Any = None
        self._compiling: list[Future[Any]] = []

        def one(state: Any, batches: Any, table: Arrays, number: Any) -> tuple[Any, Any]:
            return step(state, (*(each[number] for each in batches), table))

        def several(state: Any, batches: Any, table: Arrays, begin: Any, end: Any) -> Any:
            def body(number: Any, carried: tuple[Any, Any]) -> tuple[Any, Any]:
                return one(carried[1], batches, table, number)

            logs, _ = jax.eval_shape(one, state, batches, table, begin)
            empty = jax.tree.map(lambda each: jnp.zeros(each.shape, each.dtype), logs)
            return jax.lax.fori_loop(begin, end, body, (empty, state))

        def ragged(state: Any, batch: Any, table: Arrays) -> tuple[Any, Any]:
            return step(state, (*batch, table))

        self._one = jax.jit(one, donate_argnums=0)
        self._several = jax.jit(several, donate_argnums=0)
        self._ragged = jax.jit(ragged, donate_argnums=0)

    def compile_ahead(self, state: Any, executor: Executor) -> None:
        """Traces now, and compiles in `executor` what the first call waits for.

        What goes wrong there goes wrong again in that call, and is told by it.

        Args:
            state: as the first call gets it; is left as it is.
        """
        program, bounds = (self._several, 2) if self._loops else (self._one, 1)
        batches, table = (
            tuple(mapped(lambda spec: jax.ShapeDtypeStruct(*spec), each) for each in specs)
            for specs in (self._epoch.specs(), self._table.specs())
        )
        lowered = program.lower(state, batches, table, *[np.int32(0)] * bounds)
        self._compiling.append(executor.submit(lowered.compile))

    def wait_for_compiler(self) -> None:
        """Until what `compile_ahead` began is done."""
        if self._compiling:
            wait(self._compiling)
            self._compiling.clear()

    def __call__(self, state: Any, iterator: Iterator[tuple[Any]]) -> tuple[Any, Any]:
        steps = self._epoch.steps(iterator, self._length)
        if not steps:
            return self._logs_before, state
        self.wait_for_compiler()
        logs, state = self._run(state, steps)
        if steps.stop == self._plan.steps:
            self._epoch.prepare_next()
        # The device has one call to do while the host comes to the next one, and not more: what
        # has been called cannot be stopped.
        jax.block_until_ready(self._logs_before)
        self._logs_before = logs
        return logs, state

    def _run(self, state: Any, steps: range) -> tuple[Any, Any]:
        batches, table = self._epoch.batches(), self._table.arrays()
        whole = range(steps.start, min(steps.stop, self._epoch.lines))
        logs: Any = None
        if whole and self._loops:
            bounds = np.int32(whole.start), np.int32(whole.stop)
            logs, state = self._several(state, batches, table, *bounds)
        elif whole:
            for number in whole:
                logs, state = self._one(state, batches, table, np.int32(number))
        for number in steps[len(whole) :]:
            batch = tuple(each[self._plan.batch(number)] for each in self._plan.arrays())
            logs, state = self._ragged(state, batch, table)
        return logs, state


class SampleDispatch:
    """As `Dispatch`, where the batches hold the samples: each step is a call of its own.

    Args:
        length: steps that one call of this function runs at most.
    """

    def __init__(self, step: Step, plan: BatchPlan, *, length: int) -> None:
        self._steps = FedSteps(plan, length)
        self._step = jax.jit(step, donate_argnums=0)
        self._logs: Any = None

    def __call__(self, state: Any, iterator: Iterator[Any]) -> tuple[Any, Any]:
        for _ in self._steps.next():
            self._logs, state = self._step(state, next(iterator))
        return self._logs, state
