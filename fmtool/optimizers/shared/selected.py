"""Learning rates of their own for some variables, chosen by their paths, for any optimizer."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from keras import ops

from fmtool.compat import private_keras
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean


def by_pattern(
    patterns: Mapping[str, float], variables: Sequence[Any], *, key: str
) -> list[tuple[Any, float]]:
    """The variables in whose path a pattern is found, each with the value of its pattern.

    Args:
        key: where the patterns were set, for messages.

    Raises:
        UsageError: a pattern that no path has, or a path that two patterns have.
    """
    paths = [variable.path for variable in variables]
    for pattern in patterns:
        if not any(re.search(pattern, path) for path in paths):
            raise UsageError(
                f"{key}: no variable of the model matches '{pattern}'",
                fix=did_you_mean(pattern, paths),
            )
    chosen = []
    for variable in variables:
        found = [pattern for pattern in patterns if re.search(pattern, variable.path)]
        if len(found) > 1:
            raise UsageError(
                f"{key}: '{found[0]}' and '{found[1]}' both match {variable.path}",
                fix="let every variable match one pattern at most",
            )
        chosen += [(variable, patterns[pattern]) for pattern in found]
    return chosen


def scale_learning_rates(optimizer: Any, factors: Sequence[tuple[Any, float]]) -> None:
    """Lets `optimizer` update each variable with its learning rate times the variable's factor.

    Decoupled weight decay goes by the optimizer's own rate. A saved optimizer has no factors.
    """
    factor_of = {private_keras.key_of(optimizer, variable): factor for variable, factor in factors}
    update_many = private_keras.update_of_many(optimizer)
    if update_many is not None:
        _scale_in_groups(optimizer, update_many, factor_of)
        return
    update_step = optimizer.update_step

    def scaled(gradient: Any, variable: Any, learning_rate: Any) -> None:
        factor = factor_of.get(private_keras.key_of(optimizer, variable), 1.0)
        update_step(gradient, variable, _scaled(learning_rate, factor))

    optimizer.update_step = scaled


def _scale_in_groups(
    optimizer: Any, update_many: Callable[..., None], factor_of: Mapping[Any, float]
) -> None:
    """For optimizers that update many variables at once, as Keras' own do on torch."""

    def scaled(grads: Sequence[Any], variables: Sequence[Any], learning_rate: Any) -> None:
        groups: dict[float, list[tuple[Any, Any]]] = {}
        for gradient, variable in zip(grads, variables, strict=True):
            factor = factor_of.get(private_keras.key_of(optimizer, variable), 1.0)
            groups.setdefault(factor, []).append((gradient, variable))
        # Of all their state only Nadam's product belongs to no variable; each call moves it on.
        product = getattr(optimizer, "_u_product", None)
        before = None if product is None else ops.copy(product.value)
        for factor, members in groups.items():
            if product is not None:
                product.assign(before)
            some_grads, some_variables = (list(each) for each in zip(*members, strict=True))
            update_many(some_grads, some_variables, _scaled(learning_rate, factor))

    private_keras.set_update_of_many(optimizer, scaled)


def _scaled(learning_rate: Any, factor: float) -> Any:
    return learning_rate if factor == 1.0 else ops.multiply(learning_rate, factor)


def freeze(optimizer: Any, first_steps: Sequence[tuple[Any, int]]) -> None:
    """Lets variables keep their values from a step (0-based batch) on, exactly.

    A learning rate of 0 would not: momentum goes on for a while, and so does weight decay.
    """

    def holding(change: Callable[..., None]) -> Callable[..., None]:
        @wraps(change)
        def held(*arguments: Any) -> None:
            before = [ops.copy(variable.value) for variable, _ in first_steps]
            change(*arguments)
            for (variable, first), value in zip(first_steps, before, strict=True):
                is_frozen = ops.greater_equal(private_keras.batches_seen(optimizer), first)
                variable.assign(ops.where(is_frozen, value, variable.value))

        return held

    private_keras.wrap_changes(optimizer, holding)
