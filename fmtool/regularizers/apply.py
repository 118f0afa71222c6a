"""Penalties and bounds for a model that is already built, whatever its architecture."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def apply(
    model: "keras.Model", regularizer: "keras.Regularizer | None", max_norm: float | None
) -> None:
    """Put `regularizer` and the max-norm bound on every kernel of `model`.

    A kernel is a trainable variable of rank 2 or more; its last axis counts the units, but for an
    embedding, where each row is a vector of its own. The loss
    holds the penalty and the optimizer keeps the bound from the next `fit` on. Neither is saved
    with the model: a reloaded one is free of both.

    Source of max-norm: Srebro & Shraibman 2005; for networks Hinton et al. 2012 (arXiv:1207.0580).
    """
    import keras

    for variable in model.trainable_variables:
        rank = len(variable.shape)
        if rank < 2:
            continue
        if regularizer is not None:
            variable.regularizer = regularizer
        if max_norm is not None:
            axes = [1] if variable.name == "embeddings" else list(range(rank - 1))
            variable.constraint = keras.constraints.MaxNorm(max_norm, axis=axes)
