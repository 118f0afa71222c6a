"""Intervals around numbers hold the share that they are fitted for."""

import json

import numpy as np
import pytest

from fmtool.errors import DataError
from fmtool.tasks.shared import number_intervals
from fmtool.tasks.shared.number_intervals import Intervals, fewest_samples, fitted

RANDOM = np.random.default_rng(5)


def test_a_margin_is_the_error_of_the_rank_that_the_share_asks_for():
    y = np.zeros((9, 1))
    predicted = np.array([[1], [-9], [2], [-8], [3], [-7], [4], [-6], [5]], float)
    # ceil(10 * 0.8) = 8: the eighth smallest of 1 ... 9.
    assert fitted(Intervals(0.8, "linear"), predicted, predicted, y).margins == (8.0,)
    assert fitted(Intervals(0.9, "linear"), predicted, predicted, y).margins == (9.0,)
    assert fitted(Intervals(0.91, "linear"), predicted, predicted, y).margins is None


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.95])
def test_so_many_samples_are_enough_and_one_fewer_is_not(share):
    count = fewest_samples(share)
    y = RANDOM.normal(size=(count, 1))
    assert fitted(Intervals(share, "linear"), y, y, y).margins is not None
    assert fitted(Intervals(share, "linear"), y[1:], y[1:], y[1:]).margins is None


@pytest.mark.parametrize("space", ["linear", "log", "log1p"])
def test_of_other_samples_as_many_lie_within(space):
    x = RANDOM.uniform(0, 2, (4000, 2))
    y = np.exp(x + 0.3 * RANDOM.normal(size=x.shape))
    predicted = np.exp(x)
    found = fitted(Intervals(0.8, space), predicted[:2000], predicted[:2000], y[:2000])
    low, high = found.around(predicted[2000:], predicted[2000:], (2,))
    held = ((low <= y[2000:]) & (y[2000:] <= high)).mean(axis=0)
    np.testing.assert_allclose(held, 0.8, atol=0.03)
    if space == "log":
        np.testing.assert_allclose(high / predicted[2000:], predicted[2000:] / low, rtol=1e-6)


def test_quantiles_that_are_too_narrow_are_widened_and_others_left():
    y = RANDOM.normal(size=(2000, 1))
    narrow, wide = np.full_like(y, 0.5), np.full_like(y, 9.0)
    (margin,) = fitted(Intervals(0.9, "linear"), -narrow, narrow, y).margins
    assert margin == pytest.approx(1.645 - 0.5, abs=0.1)
    assert fitted(Intervals(0.9, "linear"), -wide, wide, y).margins == (0.0,)


def test_what_is_written_is_read_again():
    found = Intervals(0.9, "log1p", (0.25, 3.0))
    assert number_intervals.from_text(found.to_text(samples=9), "log1p", 0.9) == found
    assert json.loads(found.to_text(samples=9))["samples"] == 9
    assert number_intervals.from_text(None, "standardize", 0.8) == Intervals(0.8, "linear")
    assert number_intervals.from_text(None, "log", 0.8) == Intervals(0.8, "log")


@pytest.mark.parametrize(
    "document", [{}, {"interval": 0.9, "space": "round", "margins": None},
                 {"interval": 0.9, "space": "log", "margins": ["x"]}]
)  # fmt: skip
def test_what_has_another_form_is_refused(document):
    with pytest.raises(DataError, match="intervals of a form that is not known"):
        number_intervals.from_json(document)
