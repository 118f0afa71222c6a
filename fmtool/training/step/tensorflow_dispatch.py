"""Many steps of a training in one call into TensorFlow; imported where that is the backend."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from fmtool.training.step.epoch_table import EpochTable, FedSteps
from fmtool.training.step.plan import BatchPlan

Step = Callable[[Any], Any]
"""Runs a batch; metrics and weights are variables that it changes."""


class Dispatch:
    """A train or test function for Keras' trainer that runs the steps of an epoch's rows.

    The rows and draws of an epoch lie on the device. The steps of one call are a loop in one
    graph that is traced once, without the iterator of tf.data: Keras' own function traces each
    step twice and pays for the iterator at every step.

    What `fit` is fed are the numbers of the steps, see `EpochTable.steps`.

    Args:
        results: the values of all metrics.
        length: steps that one call runs at most.
        jit: whether XLA compiles the step.
    """

    def __init__(
        self, step: Step, results: Callable[[], Any], plan: BatchPlan, *, length: int, jit: bool
    ) -> None:
        self._plan, self._length = plan, length
        self._epoch = EpochTable(plan, tf.constant)
        self._logs: Any = None
        inlined, compiled = _functions(step, jit=jit)

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def several(rows: Any, draws: Any, begin: Any, end: Any) -> Any:
            def body(number: Any) -> Any:
                compiled((rows[number], draws[number]))
                return [number + 1]

            tf.while_loop(lambda number: number < end, body, [begin], parallel_iterations=1)
            return results()

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def ragged(rows: Any, draws: Any) -> Any:
            inlined((rows, draws))
            return results()

        self._several, self._ragged = tf.function(several), tf.function(ragged)

    def __call__(self, iterator: Any) -> Any:
        steps = self._epoch.steps(iterator, self._length)
        whole = min(steps.stop, self._epoch.lines)
        if steps.start < whole:
            bounds = tf.constant(steps.start), tf.constant(whole)
            self._logs = self._several(*self._epoch.batches(), *bounds)
        if whole < steps.stop:
            batch = self._plan.batch(whole)
            self._logs = self._ragged(*(tf.constant(each[batch]) for each in self._plan.arrays()))
        return self._logs


class SampleDispatch:
    """As `Dispatch`, where the batches hold the samples: the loop in the graph reads them.

    Args:
        results, length, jit: see there.
    """

    def __init__(
        self, step: Step, results: Callable[[], Any], plan: BatchPlan, *, length: int, jit: bool
    ) -> None:
        self._steps = FedSteps(plan, length)
        self._logs: Any = None
        _, compiled = _functions(step, jit=jit)

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def several(iterator: Any, count: Any) -> Any:
            def body(number: Any) -> Any:
                compiled(iterator.get_next())
                return [number + 1]

            tf.while_loop(lambda number: number < count, body, [0], parallel_iterations=1)
            return results()

        self._several = tf.function(several, reduce_retracing=True)

    def __call__(self, iterator: Any) -> Any:
        steps = self._steps.next()
        if steps:
            self._logs = self._several(iterator, tf.constant(len(steps)))
        return self._logs


def _functions(step: Step, *, jit: bool) -> tuple[Any, Any]:
    """The step as a function, and the one that XLA compiles, if any.

    Functions of their own, as Keras has it: TensorFlow simplifies the arithmetic of each as a
    whole, and so to the same bits, within a loop or not.
    """
    inlined = tf.function(step, autograph=False)
    return inlined, tf.function(step, autograph=False, jit_compile=True) if jit else inlined
