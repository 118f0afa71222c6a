"""How much the samples of each class count in the training loss."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[Any]
    """float32 (classes,)."""

Given = dict[str, float] | list[float]


def _names_as_text(weights: Any) -> Any:
    """A class may be named by its number."""
    if not isinstance(weights, dict):
        return weights
    return {str(key) if type(key) is int else key: value for key, value in weights.items()}


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
    BeforeValidator(_names_as_text),
]
"""`balanced`, or numbers in the order of the classes, or by class; of what is not named 1."""


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
    return np.asarray(wanted, np.float32)


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
    """A class is meant by its name, or by its number where none is called so."""
    import numpy as np

    numbers = {str(number): number for number in range(len(class_names))}
    numbers |= {name: number for number, name in enumerate(class_names)}
    weights = np.ones(len(class_names), np.float32)
    seen: dict[int, str] = {}
    for key, weight in wanted.items():
        if key not in numbers:
            raise UsageError(
                f"task.class_weights: there is no class '{key}'",
                fix=did_you_mean(key, class_names),
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


def of_samples(labels: Any, weights: Any) -> Any:
    """(batch,) weights of integer labels; of distributions (batch, classes) the expected ones."""
    from keras import ops

    if len(labels.shape) < 2:
        return ops.take(weights, labels, axis=0)
    return ops.sum(ops.cast(labels, weights.dtype) * weights, axis=-1)
