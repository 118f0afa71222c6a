"""Batches of validation that compile once."""

import pytest

from fmtool.training.sources import even_batch_size


@pytest.mark.parametrize(
    ("count", "limit", "size"),
    [
        (5000, 500, 500),
        (144, 500, 500),
        (144, 100, 72),
        (1442, 500, 500),
        (7, 5, 5),
        (1, 2, 2),
        (997, 500, 500),
        (6, 4, 3),
    ],
)
def test_the_largest_even_divisor_above_half_the_limit_or_the_limit(count, limit, size):
    assert even_batch_size(count, limit) == size
