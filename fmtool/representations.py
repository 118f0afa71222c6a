"""Representations: what a model makes of samples, and a task reads.

A model says which it gives, a task which one it needs; `matching` compares them.
"""

from dataclasses import dataclass
from typing import Any, Literal

Representation = Literal["vector", "sequence", "map"]
"""`vector` (batch, width), `sequence` (batch, timesteps, width) or `map` (batch, height, width,
channels)."""

WHAT: dict[Representation, str] = {
    "vector": "one vector for each sample",
    "sequence": "a vector for each step of a sample",
    "map": "a vector for each place of an image",
}
"""The representations, for messages."""

NORMALIZATION, BACKBONE, HEAD = "normalization", "backbone", "head"
PRESENTATION = "presentation"
"""The models that a saved model is made of, by their names in its file; most lack the last one."""


@dataclass(frozen=True)
class HeadHints:
    """A model's wishes for the dense layer that a task puts behind it.

    Args:
        kernel_initializer: as `keras.layers.Dense` takes it.
        scale: the outputs are multiplied by it.
    """

    use_bias: bool = True
    kernel_initializer: Any = "glorot_uniform"
    scale: float = 1.0


PLAIN = HeadHints()
"""For models that ask for nothing."""
