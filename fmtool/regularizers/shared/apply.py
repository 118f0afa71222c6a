"""Penalties and bounds for a model that is already built, whatever its architecture."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

if TYPE_CHECKING:
    import keras


def apply(
    model: "keras.Model",
    regularizer: "keras.Regularizer | None",
    max_norm: float | None,
    *,
    layers: Sequence[str] = ("*",),
) -> None:
    """Put `regularizer` and the max-norm bound on every kernel of `model`.

    A kernel is a trainable variable of rank 2 or more that is no bias; its last axis counts the
    units, but for an embedding, where each row is a vector of its own. The loss holds the penalty
    and the optimizer keeps the bound from the next `fit` on. Neither is saved with the model: a
    reloaded one is free of both.

    Source of max-norm: Srebro & Shraibman 2005; for networks Hinton et al. 2012 (arXiv:1207.0580).

    Args:
        layers: patterns as of file names; only kernels of layers that match one are touched.

    Raises:
        UsageError: a pattern that no layer with a kernel matches.
    """
    import keras

    # The biases of attention and of recurrent layers have two axes.
    kernels = [each for each in model.trainable_variables if len(each.shape) > 1]
    kernels = [each for each in kernels if each.name != "bias"]
    for kernel in _of_layers(kernels, layers):
        if regularizer is not None:
            kernel.regularizer = regularizer
        if max_norm is not None:
            of_units = list(range(len(kernel.shape) - 1))
            axes = [1] if kernel.name == "embeddings" else of_units
            kernel.constraint = keras.constraints.MaxNorm(max_norm, axis=axes)


def _of_layers(kernels: Sequence[Any], patterns: Sequence[str]) -> list[Any]:
    names = [kernel.path.rpartition("/")[0] for kernel in kernels]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(
                f"regularizer.layers: no layer with a kernel matches '{pattern}'",
                fix=did_you_mean(pattern, names),
            )
    return [
        kernel
        for kernel, name in zip(kernels, names, strict=True)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
