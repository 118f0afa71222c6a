"""Gives Keras on JAX a max-pooling whose gradient is cheap.

Keras' is a reduce_window. The gradient of that is XLA's select-and-scatter, which reads the images
again, seeks the largest of each window anew and is fused with nothing. Where windows do not overlap
it is enough to remember which of the few values was the largest, in a byte of each window. The
gradient goes to the first of equal values, as there, so that no value changes by a bit.
"""

from collections.abc import Sequence
from functools import partial, reduce
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp

from fmtool.compat import private_keras

Window = tuple[int, ...]
_MOST = 16
"""Values of a window; reduce_window has less to compute of larger ones."""


def use() -> None:
    """For the rest of the process; does nothing the second time."""
    nn = private_keras.nn("jax")

    general = nn.max_pool
    if general.__module__ == __name__:
        return

    def max_pool(
        inputs: Any,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
    ) -> Any:
        window = _pair(pool_size)
        is_apart = window == _pair(pool_size if strides is None else strides)
        if is_apart and data_format == "channels_last" and _divides(window, inputs, padding):
            return max_of_windows(inputs, window)
        return general(inputs, pool_size, strides, padding, data_format)

    nn.max_pool = max_pool


def max_of_windows(images: Any, window: Window) -> Any:
    """The largest values of `images` (n, h, w, c) in windows side by side, (n, h//a, w//b, c).

    Rows and columns that fill no window are left out.
    """
    height, width = images.shape[1:3]
    height, width = height - height % window[0], width - width % window[1]
    return _largest(images[:, :height, :width], window)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _largest(images: Any, window: Window) -> Any:
    return reduce(jnp.maximum, _values(images, window))


def _forward(images: Any, window: Window) -> tuple[Any, Any]:
    values = _values(images, window)
    largest = reduce(jnp.maximum, values)
    place = jnp.full(largest.shape, len(values) - 1, jnp.int8)
    for number in reversed(range(len(values) - 1)):
        place = jnp.where(values[number] == largest, jnp.int8(number), place)
    return largest, place


def _backward(window: Window, place: Any, gradient: Any) -> tuple[Any]:
    n, h, w, c = gradient.shape
    numbers = jnp.arange(window[0] * window[1], dtype=jnp.int8).reshape(1, 1, window[0], 1, -1, 1)
    is_here = place[:, :, None, :, None] == numbers
    spread = jnp.where(is_here, gradient[:, :, None, :, None], jnp.zeros((), gradient.dtype))
    return (spread.reshape(n, h * window[0], w * window[1], c),)


_largest.defvjp(_forward, _backward)


def _values(images: Any, window: Window) -> list[Any]:
    """The first value of each window, the second ones, and so on, row by row."""
    n, height, width, c = images.shape
    split = images.reshape(n, height // window[0], window[0], width // window[1], window[1], c)
    return [split[:, :, y, :, x] for y, x in product(*map(range, window))]


def _pair(sizes: int | Sequence[int]) -> Window:
    return (sizes, sizes) if isinstance(sizes, int) else tuple(sizes)


def _divides(window: Window, inputs: Any, padding: str) -> bool:
    """True where windows lie on `inputs` side by side and do not reach beyond them."""
    if inputs.ndim != 4 or len(window) != 2 or window[0] * window[1] > _MOST:
        return False
    fills = inputs.shape[1] % window[0] == inputs.shape[2] % window[1] == 0
    return padding == "valid" or fills
