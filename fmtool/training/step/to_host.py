"""Copies from the device that overlap, where the backend can."""

from collections.abc import Iterable
from typing import Any


def begin(values: Iterable[Any]) -> None:
    """Tensors that are read next: one after another, each would wait for its own way."""
    for value in values:
        if hasattr(value, "copy_to_host_async"):  # of JAX
            value.copy_to_host_async()
