"""Trees: a value, such as an array, or a mapping of trees by name.

Samples and targets may be trees of arrays. Keras walks through them too, in `keras.tree`, but only
once a backend is chosen, and with names in another order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def mapped(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A tree of what `function` gives for each value of `tree`.

    Args:
        others: trees with the same names at least, whose values are further arguments.
    """
    if isinstance(tree, Mapping):
        return {
            name: mapped(function, each, *(other[name] for other in others))
            for name, each in tree.items()
        }
    return function(tree, *others)


def leaves(tree: Any) -> list[Any]:
    """The values of a tree, in the order of its names."""
    if isinstance(tree, Mapping):
        return [value for each in tree.values() for value in leaves(each)]
    return [tree]


def packed(tree: Any, values: Iterable[Any]) -> Any:
    """A tree like `tree` with the values that `leaves` would give; takes no more than it needs."""
    left = iter(values)
    return mapped(lambda _: next(left), tree)
