"""Whole division by multiplication comes out as whole division does."""

import numpy as np

from fmtool.augment.stages.integers import quotients


def test_quotients_are_those_of_whole_division(on_arrays):
    divide = on_arrays(quotients)
    for denominator in [*range(1, 258), 1021, 4093, 65521, 2**20]:
        # The first and the last of the numerators of each quotient.
        firsts = np.arange(0, 2**20 + 1 - (denominator - 1), denominator, dtype=np.int32)
        numerators = np.concatenate([firsts, firsts + denominator - 1])
        found = divide(numerators, np.full(1, denominator, np.int32))
        np.testing.assert_array_equal(found, numerators // denominator)
