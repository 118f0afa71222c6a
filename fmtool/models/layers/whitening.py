"""Filters that make the pixels of small patches uncorrelated, found from images; NumPy alone."""

import numpy as np
from numpy.typing import NDArray

_CHUNK = 256
"""Images at a time: patches take several times their room, and float64 twice as much again."""


def patch_covariance(images: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """The second moments of all patches of `size` x `size` pixels, ordered (y, x, channel)."""
    values = size * size * images.shape[3]
    total, count = np.zeros((values, values)), 0
    for start in range(0, len(images), _CHUNK):
        patches = _patches(images[start : start + _CHUNK].astype(np.float64), size)
        total += patches.T @ patches
        count += len(patches)
    return total / count


def whitening_filters(
    images: NDArray[np.float32], *, size: int, epsilon: float
) -> NDArray[np.float32]:
    """A convolution kernel (size, size, c, 2 * size * size * c) whose output has covariance 1.

    Output channel i is the projection of a patch on principal direction i, divided by its
    deviation; the second half of the channels is the first one negated. Principal directions
    come in falling order of variance, their largest element positive.

    Args:
        images: float32 (n, h, w, c).
        epsilon: added to the variances, so that directions of nearly none do not become noise.
    """
    channels = images.shape[3]
    variances, directions = np.linalg.eigh(patch_covariance(images, size))
    variances, directions = variances[::-1], directions[:, ::-1]
    # The sign of an eigenvector is arbitrary and differs between libraries.
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(len(largest))])
    filters = directions / np.sqrt(np.maximum(variances, 0.0) + epsilon)
    both = np.concatenate([filters, -filters], axis=1)
    return both.reshape(size, size, channels, -1).astype(np.float32)


def _patches(images: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    values = size * size * images.shape[3]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, values)
