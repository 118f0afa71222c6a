"""The order of samples and the randomness of a step: pure functions of seed and epoch.

No generator keeps state between epochs, so an epoch can be repeated, resumed or computed on
another machine and always comes out the same. The generator is Philox, a counter-based one
(Salmon et al. 2011), keyed by (seed, purpose, epoch); its raw words are used, which NumPy keeps
stable between versions, unlike `permutation`.
"""

import numpy as np
from numpy.typing import NDArray

_ORDER, _UNIFORMS, _FLIPS, _FIXED = 1, 2, 3, 4


def shuffled(indices: NDArray[np.int32], *, seed: int, epoch: int) -> NDArray[np.int32]:
    """`indices`, int32 of shape (n,), in the order of an epoch (0-based)."""
    words = _generator(seed, _ORDER, epoch).random_raw(len(indices))
    return indices[np.argsort(words, kind="stable")]


def uniforms(count: int, draws: int, *, seed: int, epoch: int) -> NDArray[np.float32]:
    """float32 of shape (count, draws) in [0, 1): one row for each position of the epoch."""
    words = _generator(seed, _UNIFORMS, epoch).random_raw(count * draws)
    return _in_unit_interval(words).reshape(count, draws)


def uniforms_of_rows(rows: NDArray[np.int32], draws: int, *, seed: int) -> NDArray[np.float32]:
    """float32 of shape (n, draws) in [0, 1): those of a row are the same in every epoch."""
    if not draws:
        return np.empty((len(rows), 0), np.float32)
    words = _generator(seed, _FIXED, 0).random_raw((int(rows.max()) + 1) * draws)
    return _in_unit_interval(words.reshape(-1, draws)[rows])


def flip_coins(rows: NDArray[np.int32], *, seed: int, epoch: int) -> NDArray[np.float32]:
    """float32 of shape (n,): 0.25 where the sample in that row is flipped, else 0.75.

    Each row of the table has a fixed coin for epoch 0, and is flipped in every other epoch from
    then on (alternating flip, Jordan 2024, arXiv:2404.00498).
    """
    words: NDArray[np.uint64] = _generator(seed, _FLIPS, 0).random_raw(int(rows.max()) // 64 + 1)
    coins = (words[rows >> 6] >> (rows & 63).astype(np.uint64)) & np.uint64(1)
    is_kept = coins == np.uint64(1 - epoch % 2)
    return np.where(is_kept, np.float32(0.75), np.float32(0.25))


def _in_unit_interval(words: NDArray[np.uint64]) -> NDArray[np.float32]:
    # A float32 holds 24 bits exactly.
    return (words >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def _generator(seed: int, purpose: int, epoch: int) -> np.random.Philox:
    return np.random.Philox(key=np.array([seed, (purpose << 32) | epoch], dtype=np.uint64))
