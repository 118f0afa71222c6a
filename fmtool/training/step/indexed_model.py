"""The one seam in Keras' training: steps that take sample numbers and gather on the device.

`fit`, `evaluate` and callbacks are Keras' own. Pixels cross to the device once, as uint8;
gathering, augmentation, what the task makes of a batch and normalisation are part of the compiled
step. Where the samples do not lie on the device, the same steps take them from the batch. Loss and
metrics are the task's; they may read targets and outputs of any structure, which Keras' may not.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from fmtool.augment.stages.pipeline import Pipeline
from fmtool.compat import private_keras
from fmtool.kernels import gelu
from fmtool.tasks.base import Task
from fmtool.training.lookahead import Lookahead
from fmtool.training.step.source import DeviceDataset


@dataclass(frozen=True)
class Parts:
    """The parts of a step.

    Args:
        network: maps what `task.batch` makes of samples to the outputs that `task` reads.
        augment: of the training samples, or None; its draws are the first of theirs.
        loops: whether JAX runs the steps of a dispatch as a loop on the device.
        lookahead: pulls the weights back after steps, or None.
    """

    network: Any
    task: Task[Any]
    train: DeviceDataset
    validation: DeviceDataset | None
    augment: Pipeline | None = None
    loops: bool = False
    lookahead: Lookahead | None = None


class IndexedModel(keras.Model):  # type: ignore[misc]  # Keras ships no types
    """Trains a network on batches of rows. Never saved; the network in it is what is saved."""

    train_function: Any
    test_function: Any

    def __init__(self, parts: Parts) -> None:
        super().__init__(name="indexed")
        self.network = parts.network
        self.task_metrics = parts.task.metrics()
        self.penalty = keras.metrics.Mean(name="penalty") if parts.network.losses else None
        """The penalty of regularizers, apart: `loss` compares between runs without it."""
        if parts.lookahead is not None:
            self.slow_weights = parts.lookahead.slow
        # Lists would be tracked as layers and closures are not: the tables are data, not state.
        self._parts = lambda: parts

    def compile(self, *arguments: Any, **named: Any) -> None:
        super().compile(*arguments, **named)
        if self.penalty is not None:
            # What Keras' steps would add is the sum that is minimized.
            self._loss_tracker.update_state = lambda *_, **__: None

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The sum of loss and penalties, as Keras has it; each is recorded apart."""
        loss = _mean(self._parts().task.loss(y, y_pred), sample_weight)
        penalties = [self._aggregate_additional_loss(each) for each in self.losses]
        if self.penalty is not None:
            record = keras.metrics.Mean.update_state
            samples = ops.shape(keras.tree.flatten(y_pred)[0])[0]
            record(self._loss_tracker, ops.stop_gradient(loss), sample_weight=samples)
            record(self.penalty, ops.stop_gradient(ops.sum(penalties)))
        return ops.sum([loss, *penalties]) if penalties else loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        for metric in self.task_metrics:
            metric.update_state(y, y_pred)
        return self.get_metrics_result()

    def call(self, x: Any, training: bool = False) -> Any:
        return self.network(x, training=training)

    # On JAX a step is step(state, batch), elsewhere step(batch).
    def train_step(self, *arguments: Any) -> Any:
        *state, batch = arguments
        parts = self._parts()
        x, y, draws = parts.train.samples(batch)
        if parts.augment is not None:
            own = parts.augment.draws
            x, y = parts.augment.apply(x, y, draws[:, :own] if parts.task.draws else draws)
            draws = draws[:, own:]
        samples = parts.task.batch(x, y, draws, True)
        with gelu.in_training_step():
            result = super().train_step(*state, samples)
        return result if parts.lookahead is None else self._look_ahead(parts.lookahead, result)

    def _look_ahead(self, lookahead: Lookahead, result: Any) -> Any:
        """`result` of a step, on JAX with the state after the slow weights' turn."""
        if keras.backend.backend() != "jax":
            lookahead.update(private_keras.batches_seen(self.optimizer))
            return result
        logs, (*values, metrics) = result
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
        )
        pairs = [pair for pairs in map(zip, groups, values) for pair in pairs]
        with keras.StatelessScope(state_mapping=pairs) as scope:
            lookahead.update(private_keras.batches_seen(self.optimizer))
        after = [[scope.get_current_value(variable) for variable in group] for group in groups]
        return logs, (*after, metrics)

    def test_step(self, *arguments: Any) -> Any:
        *state, batch = arguments
        source = self._parts().validation
        assert source is not None, "there are batches of it"
        samples = self._parts().task.batch(*source.samples(batch), False)
        return super().test_step(*state, samples)

    def make_train_function(self, force: bool = False) -> None:
        function = self._dispatch(self.train_step, self._parts().train)
        if function is None:
            super().make_train_function(force)
        elif self.train_function is None or force:
            self.train_function = function

    def make_test_function(self, force: bool = False) -> None:
        function = self._dispatch(self.test_step, self._parts().validation)
        if function is None:
            super().make_test_function(force)
        elif self.test_function is None or force:
            self.test_function = function

    def _dispatch(self, step: Any, source: DeviceDataset | None) -> Any:
        """A function that runs many steps on rows of a table, or None for that of Keras."""
        backend, length = keras.backend.backend(), self.steps_per_execution
        if source is not None and backend == "torch":
            return self._torch_dispatch(step, source)
        trains = source is not None and source is self._parts().train
        if source is None or not (trains or source.table is not None):
            return None
        if backend == "jax":
            from fmtool.training.step import jax_dispatch

            if source.table is None:
                return jax_dispatch.SampleDispatch(step, source.plan, length=length)
            loops = self._parts().loops
            return jax_dispatch.Dispatch(
                step, source.plan, source.table, length=length, loops=loops
            )
        from fmtool.training.step import tensorflow_dispatch

        by_samples, by_rows = tensorflow_dispatch.SampleDispatch, tensorflow_dispatch.Dispatch
        dispatch: Any = by_samples if source.table is None else by_rows
        results, jit = self.get_metrics_result, self.jit_compile
        return dispatch(step, results, source.plan, length=length, jit=jit)

    def _torch_dispatch(self, step: Any, source: DeviceDataset) -> Any:
        from fmtool.training.step import torch_dispatch

        def state() -> list[Any]:
            variables = [*self.variables, *self.optimizer.variables, *self.metrics_variables]
            return list({id(each): each.value for each in variables}.values())

        return torch_dispatch.Dispatch(
            step,
            self.get_metrics_result,
            source.plan,
            None if source.table is None else source.table.arrays(),
            state=state,
            trains=source is self._parts().train,
            jit=self.jit_compile,
        )

    def compile_ahead(self) -> None:
        """On JAX, compiles what trains and what validates in a thread, the one after the other.

        Meanwhile samples are read and put on the device by `load_tables`, logs are opened and, for
        what validates, the first epoch runs. Elsewhere a step is compiled by its first call.
        """
        if not self._can_compile_ahead:
            return
        self.build_everything()
        self.make_train_function()
        self.make_test_function()
        network = [
            [each.value for each in variables]
            for variables in (self.trainable_variables, self.non_trainable_variables)
        ]
        optimizer = [each.value for each in self.optimizer.variables]
        metrics = [each.value for each in self.metrics_variables]
        executor = ThreadPoolExecutor(max_workers=1)
        self.train_function.compile_ahead((*network, optimizer, metrics), executor)
        if self._parts().validation is not None:
            self.test_function.compile_ahead((*network, metrics), executor)
        executor.shutdown(wait=False)

    def load_tables(self) -> None:
        """Puts the samples on the device that are not there yet."""
        for source in (self._parts().train, self._parts().validation):
            if source is not None and source.table is not None:
                source.table.arrays()

    @property
    def _can_compile_ahead(self) -> bool:
        return keras.backend.backend() == "jax" and self._parts().train.table is not None

    def wait_for_compiler(self) -> None:
        """Until what `compile_ahead` began for training is done; a signal may end this at once."""
        if self._can_compile_ahead and self.train_function is not None:
            self.train_function.wait_for_compiler()

    def build_everything(self) -> None:
        """Makes the variables of optimizer and metrics, which `fit` would make at its start."""
        self._symbolic_build()

    def _symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # Keras builds what it trains from the first batch it is fed; ours holds row numbers.
        parts = self._parts()
        super()._symbolic_build(data_batch=parts.task.batch(*parts.train.one(), False))


def _mean(values: Any, weights: Any) -> Any:
    """The mean of `values` (batch,) times `weights`, by the operations that Keras' losses use.

    Others may round differently.
    """
    values = ops.convert_to_tensor(values, dtype="float32")
    if weights is not None:
        values = values * ops.cast(weights, values.dtype)
    count = ops.prod(ops.convert_to_tensor(ops.shape(values), dtype="int32"))
    return ops.divide_no_nan(ops.sum(values), ops.cast(count, values.dtype))
