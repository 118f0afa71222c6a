"""Models of plugins that end in logits: `build(cfg, element, num_classes)`, as it was before tasks.

They serve where one label of several is learned, without a backbone and a head.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from fmtool.elements import Sample
from fmtool.errors import UsageError
from fmtool.notices import note
from fmtool.targets import Label, Target


def ends_in_logits(build: Callable[..., Any]) -> bool:
    """True where the third parameter of a model's `build` is the number of classes."""
    return list(inspect.signature(build).parameters)[2:3] != ["wanted"]


def classifier(
    build: Callable[[Sample, int], Any], name: str, element: Sample, target: Target
) -> Any:
    """A Keras model from samples to logits (batch, classes).

    Args:
        build: that of the model `name`, whose config it has.

    Raises UsageError where not one label is learned, or where `build` gives something else, as one
    that hands the number of classes on to a built-in model does.
    """
    if not isinstance(target, Label):
        raise UsageError(
            f"model={name} gives a logit for each class, which {target.described()} are not",
            fix=f"let its build take the representation that is wanted: {NEW_FORM}",
        )
    _tell(name)
    made, classes = build(element, len(target.names)), len(target.names)
    if tuple(made.output_shape) != (None, classes):
        raise UsageError(
            f"model={name} gives outputs of shape {made.output_shape[1:]}, not the logits of "
            f"{classes} classes that its build is asked for",
            fix=f"let its build take the representation that is wanted: {NEW_FORM}",
        )
    return made


NEW_FORM = "build(cfg, element, wanted), without the layer of the logits"


@cache
def _tell(name: str) -> None:
    note(
        f"model={name}: its build takes the number of classes, which serves classification alone; "
        f"the new form is {NEW_FORM}; see docs/architecture.md"
    )
