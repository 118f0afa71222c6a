"""The report of predicted numbers against scikit-learn, and where nothing defines a figure."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle

from fmtool.errors import DataError, Diverged
from fmtool.tasks.shared.number_intervals import Intervals
from fmtool.tasks.shared.number_meter import ERRORS, MAX_ERRORS, NumberMeter

NAMES = (
    "mae", "rmse", "r2", "mape", "median_absolute_error", "max_error", "bias", "poisson_deviance",
    "coverage", "interval_width",
)  # fmt: skip
NONE = Intervals(0.9, "linear")
ORACLES = {
    "mae": oracle.mean_absolute_error,
    "rmse": oracle.root_mean_squared_error,
    "r2": oracle.r2_score,
    "mape": oracle.mean_absolute_percentage_error,
    "median_absolute_error": oracle.median_absolute_error,
}


def metered(outputs, y, *, quantiles=(), intervals=NONE, names=NAMES, batch=7):
    """The report of samples that come in batches."""
    meter = NumberMeter(
        [f"n{place}" for place in range(y.shape[1])],
        names,
        quantiles=quantiles,
        intervals=intervals,
    )
    for first in range(0, len(y), batch):
        meter.add(outputs[first : first + batch], y[first : first + batch])
    return meter.report()


def case(samples, count, *, far=0.0, seed=0):
    random = np.random.default_rng(seed)
    y = random.gamma(2, 3, (samples, count)) + far
    return (y + random.normal(size=y.shape)).astype(np.float32), y


@pytest.mark.parametrize(
    ("outputs", "y"),
    [case(200, 1), case(53, 4), case(2, 2), case(100, 1, far=1e6), case(9, 1, seed=3)],
    ids=["one number", "four numbers", "two samples", "far from 0", "few samples"],
)
def test_figures_are_those_of_scikit_learn(outputs, y):
    report = metered(outputs, y)
    predicted = outputs.astype(np.float64)
    for name, function in ORACLES.items():
        assert report.metrics[name] == pytest.approx(function(y, predicted), rel=1e-9), name
        each = function(y, predicted, multioutput="raw_values")
        found = [entry[name] for entry in report.details["per_number"]]
        np.testing.assert_allclose(found, each, rtol=1e-9)
    assert report.metrics["max_error"] == pytest.approx(np.abs(y - predicted).max(), rel=1e-12)
    assert report.metrics["bias"] == pytest.approx((predicted - y).mean(), rel=1e-9)


def test_the_deviance_of_counts_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    y = random.poisson(2, (60, 1)).astype(np.float64)
    outputs = random.gamma(2, 1, (60, 1)).astype(np.float32)
    expected = oracle.mean_poisson_deviance(y[:, 0], outputs[:, 0].astype(np.float64))
    assert metered(outputs, y).metrics["poisson_deviance"] == pytest.approx(expected, rel=1e-9)
    outputs[3] = 0
    report = metered(outputs, y)
    assert report.metrics["poisson_deviance"] is None
    assert report.undefined["poisson_deviance"] == "a predicted number is 0"


def test_the_loss_of_quantiles_is_that_of_scikit_learn():
    shares, random = (0.1, 0.5, 0.8), np.random.default_rng(0)
    y = random.normal(size=(40, 2))
    outputs = np.sort(random.normal(size=(40, 2, 3)), axis=-1).astype(np.float32)
    report = metered(outputs, y, quantiles=shares, names=("mae", "pinball"))
    losses = [
        oracle.mean_pinball_loss(y, outputs[..., place].astype(np.float64), alpha=share)
        for place, share in enumerate(shares)
    ]
    assert report.metrics["pinball"] == pytest.approx(np.mean(losses), rel=1e-9)
    median = outputs[..., 1].astype(np.float64)
    assert report.metrics["mae"] == pytest.approx(np.abs(median - y).mean(), rel=1e-9)


def test_a_constant_target_and_a_zero_leave_figures_undefined_with_the_reason():
    outputs, y = case(20, 2)
    y[:, 0] = 3.0
    y[4, 1] = 0.0
    report = metered(outputs, y, names=(*ORACLES, "coverage", "interval_width"))
    first, second = report.details["per_number"]
    assert (first["r2"], first["undefined"]) == (
        None,
        {
            "r2": "all true numbers of the split are the same",
            "coverage": "no interval was fitted: that takes a validation split",
            "interval_width": "no interval was fitted: that takes a validation split",
        },
    )
    assert second["mape"] is None
    # Of two numbers the one that defines a figure is its mean.
    assert report.metrics["r2"] == second["r2"]
    assert report.metrics["mape"] == first["mape"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = metered(outputs[:, :1], y[:, :1])
    assert (alone.metrics["r2"], alone.undefined["r2"]) == (
        None, "all true numbers of the split are the same",
    )  # fmt: skip


def test_intervals_are_counted_with_their_ends():
    y = np.array([[0.0], [1.0], [2.0], [10.0]])
    outputs = np.array([[0], [2], [4], [4]], np.float32)
    report = metered(outputs, y, intervals=Intervals(0.5, "linear", (2.0,)))
    assert report.metrics["coverage"] == 0.75
    assert report.metrics["interval_width"] == 4
    assert metered(outputs, y).undefined["coverage"].startswith("no interval was fitted")


def test_the_largest_errors_come_first_in_units_of_each_number():
    y = np.arange(80, dtype=np.float64).reshape(40, 2) * [1, 1000]
    outputs = y.astype(np.float32)
    outputs[7, 0] += 30
    outputs[9, 1] += 100
    sheet = metered(outputs, y).sheets[ERRORS]
    assert sheet.rows[:2] == [7, 9]
    assert len(sheet.rows) == len(sheet.captions) == MAX_ERRORS
    assert sheet.captions[0] == "14, 1.5e+04\npredicted 44, 1.5e+04"


def test_no_samples_and_numbers_that_are_none_are_errors():
    with pytest.raises(DataError, match="no samples"):
        metered(np.zeros((0, 1), np.float32), np.zeros((0, 1)))
    outputs, y = case(20, 1)
    outputs[3] = np.inf
    with pytest.raises(Diverged, match="the outputs of 1 of 20 samples are NaN or infinite"):
        metered(outputs, y)


def test_the_size_of_a_batch_changes_no_bit():
    outputs, y = case(100, 3)
    assert metered(outputs, y, batch=100).to_json() == metered(outputs, y, batch=1).to_json()
