"""Weights from a symmetric Beta distribution by its inverse, one uniform each."""

import math
from typing import Any

import numpy as np

LEVELS = 256
"""Weights are whole multiples of 1/256, as fine as pixels are, so that blends are exact."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


def thresholds(alpha: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    """float32 (256,): of a uniform u, the number of thresholds <= u is its weight in 1/256.

    They are the probabilities of Beta(alpha, alpha) to lie below 1/512, 3/512, ... 511/512, so
    that each weight stands for what rounds to it.
    """
    middles = (np.arange(LEVELS // 2) + 0.5) / LEVELS
    lower = _probability_below(middles, alpha)
    return np.concatenate([lower, 1 - lower[::-1]]).astype(np.float32)


def _probability_below(x: Floats, alpha: float) -> Floats:
    """The distribution function of Beta(alpha, alpha) at x <= 1/2.

    By its series with positive terms only, x^a (1-x)^a / (a B(a,a)) * sum of (2a)_n / (a+1)_n x^n
    (DLMF 8.17.8), which loses no digits, however small or large alpha is.
    """
    log_beta = 2 * math.lgamma(alpha) - math.lgamma(2 * alpha)
    term = np.exp(alpha * np.log(x * (1 - x)) - log_beta - math.log(alpha))
    total = np.zeros_like(x)
    n = 0
    while np.any(term > 1e-12 * total):
        total = total + term
        term = term * x * (2 * alpha + n) / (alpha + 1 + n)
        n += 1
    return total
