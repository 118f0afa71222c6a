"""The weight of the samples of each class in the training loss."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from fmtool import class_names as naming
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[Any]
    """float32 (classes,)."""

Given = dict[str, float] | list[float]

_PLAIN = re.compile(r"[\w.-]+")
"""Names of classes that need no quotes in an override."""


def _by_name(weights: Any) -> Any:
    """Pairs of a name and a number, as command lines are read, as a mapping of these."""
    if isinstance(weights, list) and weights and all(map(_is_pair, weights)):
        if len({name for name, _ in weights}) < len(weights):
            raise ValueError("a class is named twice; name each class once")
        return dict(weights)
    if not isinstance(weights, dict):
        return weights
    return {str(key) if type(key) is int else key: value for key, value in weights.items()}


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _require_positive(weights: Given) -> Given:
    named = weights if isinstance(weights, dict) else dict(enumerate(weights))
    for key, weight in named.items():
        if weight <= 0:
            raise ValueError(
                f"the weight of class {key} is {weight:g}; give numbers greater than 0"
            )
    return weights


def _form(value: Any) -> str:
    return type(value).__name__ if isinstance(value, dict | list) else "word"


ClassWeights = Annotated[
    Annotated[Literal["none", "balanced"], Tag("word")]
    | Annotated[list[float], AfterValidator(_require_positive), Tag("list")]
    | Annotated[dict[str, float], AfterValidator(_require_positive), Tag("dict")],
    Discriminator(_form),
    BeforeValidator(_by_name),
]
"""`balanced`, or numbers in the order of the classes, or by class; 1 for one that is not named."""


def resolve(
    wanted: Literal["none", "balanced"] | Given,
    labels: "NDArray[Any]",
    class_names: Sequence[str],
) -> "Weights | None":
    """None for no weights. A function of the labels (n,) that are trained on and nothing else.

    Raises:
        UsageError: they are not those of these classes.
    """
    import numpy as np

    if wanted == "none":
        return None
    if wanted == "balanced":
        return _balanced(labels, len(class_names))
    if isinstance(wanted, dict):
        return _by_class(wanted, class_names)
    if len(wanted) != len(class_names):
        raise UsageError(
            f"task.class_weights: {len(wanted)} numbers for {len(class_names)} classes",
            fix=f"give one for each of {', '.join(class_names)}, or {{CLASS: NUMBER}} for some",
        )
    if not naming.is_expected_order(class_names):
        raise UsageError(
            f"task.class_weights: {len(wanted)} numbers by place, but the classes are in "
            f"{naming.ORDER}",
            fix=f"say which is which: {_typed(class_names, wanted)}",
        )
    return np.asarray(wanted, np.float32)


def _typed(class_names: Sequence[str], weights: Sequence[float]) -> str:
    """The override that gives the classes these weights, as a shell takes it."""
    pairs = []
    for name, weight in zip(class_names, weights, strict=True):
        key = name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
        pairs.append(f"{key}: {int(weight) if weight == int(weight) else weight}")
    return shlex.quote(f"task.class_weights={{{', '.join(pairs)}}}")


def _balanced(labels: "NDArray[Any]", num_classes: int) -> "Weights":
    """n / (classes * count), as scikit-learn's, so that all classes count the same together.

    Classes without a sample do not count as classes; their weight, 0, is never used.
    """
    import numpy as np

    counts = np.bincount(labels, minlength=num_classes)
    share = len(labels) / np.count_nonzero(counts)
    weights = np.divide(share, counts, out=np.zeros(num_classes), where=counts > 0)
    return weights.astype(np.float32)


def _by_class(wanted: Mapping[str, float], class_names: Sequence[str]) -> "Weights":
    """A class is meant by its name, or by its number where no name is a number."""
    import numpy as np

    numbers: dict[str, int] = {}
    if not any(map(naming.is_number, class_names)):
        numbers |= {str(number): number for number in range(len(class_names))}
    numbers |= {name: number for number, name in enumerate(class_names)}
    weights = np.ones(len(class_names), np.float32)
    seen: dict[int, str] = {}
    for given, weight in wanted.items():
        key = naming.written(given)
        if key not in numbers:
            raise UsageError(
                f"task.class_weights: there is no class '{key}'",
                fix=_closest(key, class_names),
            )
        number = numbers[key]
        if number in seen:
            raise UsageError(
                f"task.class_weights: '{seen[number]}' and '{key}' are the same class",
                fix="name each class once",
            )
        seen[number] = key
        weights[number] = weight
    return weights


def _closest(key: str, class_names: Sequence[str]) -> str:
    """A hint for a class that is not there: another spelling of it first."""
    spelled = naming.spelling_key(key)
    alike = (name for name in class_names if naming.spelling_key(name) == spelled)
    found = next(alike, None)
    return did_you_mean(key, class_names) if found is None else f"did you mean '{found}'?"


def of_samples(labels: Any, weights: Any) -> Any:
    """(batch,) weights of integer labels; of distributions (batch, classes) the expected ones."""
    from keras import ops

    if len(labels.shape) < 2:
        return ops.take(weights, labels, axis=0)
    return ops.sum(ops.cast(labels, weights.dtype) * weights, axis=-1)
