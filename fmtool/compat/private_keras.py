"""Every private part of Keras that fmtool uses; Keras is imported by what asks for one.

Subclasses that override a private method, as `IndexedModel` does, are on the list as well.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from fmtool.compat.private import require

VERSIONS = ">=3.15.1,<3.16"

_PARTS = (
    "keras.Layer._flatten_layers",
    "keras.Operation._inbound_nodes",
    "keras.Model._symbolic_build",
    "keras.Model._loss_tracker",
    "keras.Model._aggregate_additional_loss",
    "keras.optimizers.Optimizer._iterations",
    "keras.optimizers.Optimizer._trainable_variables",
    "keras.optimizers.Optimizer._model_variables_moving_average",
    "keras.optimizers.Optimizer._var_key",
    "keras.optimizers.Optimizer._get_variable_index",
    "keras.optimizers.Optimizer._backend_update_step",
    "keras.optimizers.Optimizer._apply_weight_decay",
    "keras.src.backend.compute_output_spec",
    "keras.src.backend.common.global_state.set_global_attribute",
    "keras.src.ops.numpy.Einsum",
    "keras.src.ops.numpy.Matmul",
)
_PARTS_OF = {
    "tensorflow": ("keras.src.backend.tensorflow.nn.gelu",),
    "jax": ("keras.Model._jax_state", "keras.src.backend.jax.nn.max_pool"),
    "torch": ("keras.src.backend.torch.nn.max_pool",),
}


def check(backend: str) -> None:
    """Raises UsageError where Keras, as it was imported on a backend, lacks a part."""
    require("keras", VERSIONS, (*_PARTS, *_PARTS_OF[backend]))


def nn(backend: str) -> Any:
    """The module of a backend with the functions that layers call, which may be replaced."""
    return import_module(f"keras.src.backend.{backend}.nn")


def layers_of(model: Any) -> list[Any]:
    """The layers of a model and of all layers in it, itself among them; none of an operation."""
    return list(model._flatten_layers()) if hasattr(model, "_flatten_layers") else []


def einsum_and_matmul() -> tuple[type, type]:
    """The classes of the operations that `keras.ops` adds to a functional model."""
    from keras.src.ops.numpy import Einsum, Matmul

    return Einsum, Matmul


def call_symbolically(function: Callable[[Any], Any], *inputs: Any) -> None:
    """Calls a function as for the shapes of its outputs: nothing is computed."""
    from keras.src.backend import compute_output_spec

    compute_output_spec(function, *inputs)


def name_afresh() -> None:
    """Lets the layers that are built next have the names that they have in a new process.

    Keras' clear_session would do, but it forgets the precision and takes seconds on torch.
    """
    from keras.src.backend.common import global_state

    global_state.set_global_attribute("object_name_uids", None)


def has_jax_state(model: Any) -> bool:
    """True where `fit` on JAX holds values that the variables of the model do not have yet."""
    return model._jax_state is not None


def batches_seen(optimizer: Any) -> Any:
    """A variable; `iterations` counts updates, of which several batches may share one."""
    return getattr(optimizer, "inner_optimizer", optimizer)._iterations


def trained_variables(optimizer: Any) -> list[Any]:
    """The variables that an optimizer updates, once it is built."""
    return list(optimizer._trainable_variables)


def averages(optimizer: Any) -> list[Any]:
    """The moving averages of its `trained_variables`, where `use_ema` is set."""
    return list(optimizer._model_variables_moving_average)


def key_of(optimizer: Any, variable: Any) -> Any:
    """The key by which an optimizer knows a variable."""
    return optimizer._var_key(variable)


def wrap_changes(optimizer: Any, wrapper: Callable[[Callable[..., None]], Any]) -> None:
    """Puts a wrapper around both methods that change the variables that are trained."""
    optimizer._apply_weight_decay = wrapper(optimizer._apply_weight_decay)
    optimizer._backend_update_step = wrapper(optimizer._backend_update_step)


def update_of_many(optimizer: Any) -> Callable[..., None] | None:
    """The method that updates many variables at once, where there is one, as on torch."""
    update: Callable[..., None] | None = getattr(optimizer, "_parallel_update_step", None)
    return update


def set_update_of_many(optimizer: Any, update: Callable[..., None]) -> None:
    """Replaces the method that `update_of_many` gives."""
    optimizer._parallel_update_step = update
