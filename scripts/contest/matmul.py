"""Candidate: the fastest product of two matrices that a library does on all cores, as the peak.

Tells the best rate for each precision, in floating-point operations a second.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from contest.player import Runner
from contest.presets import PRECISIONS

_SIZES = (1024, 2048, 4096)
_SECONDS = 0.5
"""For each size and precision."""


def main(library: str) -> None:
    products = {
        (size, precision): _PRODUCTS[library](size, precision)
        for size in _SIZES
        for precision in PRECISIONS
    }
    for product in products.values():
        product()

    def rates() -> dict[str, float]:
        return {
            precision: max(_rate(products[size, precision], size) for size in _SIZES)
            for precision in PRECISIONS
        }

    player = Runner()
    player.tell(library=library)
    player.play(rates)


def _rate(product: Callable[[], Any], size: int) -> float:
    """Of the fastest product within the time."""
    best, end = float("inf"), time.perf_counter() + _SECONDS
    while (began := time.perf_counter()) < end:
        product()
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def _tensorflow(size: int, precision: str) -> Callable[[], Any]:
    import tensorflow as tf

    a = tf.cast(tf.random.normal((size, size)), precision)
    return lambda: tf.matmul(a, a)


def _torch(size: int, precision: str) -> Callable[[], Any]:
    import torch

    a = torch.randn(size, size).to(getattr(torch, precision))
    return lambda: torch.matmul(a, a)


_PRODUCTS = {"tensorflow": _tensorflow, "torch": _torch}


if __name__ == "__main__":
    main(sys.argv[1])
