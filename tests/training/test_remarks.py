"""What is said at the end of a training, and that nothing is where it does not hold."""

import numpy as np
import pytest

from fmtool.metric import Metric, by_name
from fmtool.runs.layout import CALIBRATION
from fmtool.targets import Label, Numbers
from fmtool.tasks import classification
from fmtool.tasks.shared import thresholds
from fmtool.tasks.shared.label_reporting import LabelReporting
from fmtool.tasks.shared.number_intervals import Intervals
from fmtool.tasks.shared.number_reporting import NumberReporting
from fmtool.training.remarks import (
    Compared,
    far_below,
    left_out,
    no_better_than_one_answer,
    still_improving,
)

LOSS, ACCURACY = Metric("val_loss", "min"), Metric("val_accuracy", "max")
LABELS = LabelReporting(Label(("no", "yes")))
OF_LABELS = by_name(classification.report_metrics(None))


def rows(name, *values):
    """Those of epochs, among others."""
    epochs = [{"kind": "epoch", "epoch": n, name: value} for n, value in enumerate(values, 1)]
    return [{"kind": "step", "epoch": 1, "step": 1}, *epochs]


@pytest.mark.parametrize(
    ("metric", "values", "is_said"),
    [
        (LOSS, (2.0, 1.0, 0.9), True),
        (ACCURACY, (0.1, 0.5, 0.6), True),
        (LOSS, (2.0, 1.0), True),
        (LOSS, (2.0, 0.9, 1.0), False),
        (ACCURACY, (0.1, 0.6, 0.6), False),
        # What is gained at the end of a falling learning rate, 1 of 100.
        (LOSS, (2.0, 1.01, 1.0), False),
        (LOSS, (2.0,), False),
        (LOSS, (2.0, None, 1.0), False),
        (LOSS, (), False),
    ],
)
def test_validation_still_improves_where_the_last_epoch_adds_to_the_gain(metric, values, is_said):
    said = still_improving(rows(metric.name, *values), metric)
    expected = f"{metric.name} was still improving in the last epoch: more epochs may help"
    assert said == (expected if is_said else None)


def answered(right, of, yes):
    """The report on `of` samples, of which `yes` are of the second class."""
    labels = (np.arange(of) < yes).astype(np.int32)
    told = np.where(np.arange(of) < right, labels, 1 - labels)
    meter = LABELS.meter()
    meter.add(np.eye(2, dtype=np.float32)[told], labels)
    return meter.report()


def test_accuracy_is_compared_with_the_share_of_the_largest_class():
    report = answered(right=70, of=100, yes=30)
    assert LABELS.constant_answers(report) == {"accuracy": ("no", 0.7)}
    assert no_better_than_one_answer(LABELS, report) == [
        "test accuracy 0.7000 is no better than one answer: always answering 'no' gives 0.7000"
    ]
    assert no_better_than_one_answer(LABELS, answered(right=71, of=100, yes=30)) == []


@pytest.mark.parametrize(
    ("right", "of", "seen", "samples", "is_said"),
    [
        (80, 100, 0.99, 100, True),
        (95, 100, 0.99, 100, False),  # 4 of 100 less: such a gap comes by chance
        (95, 100, 0.94, 100, False),
        (9400, 10000, 0.955, 10000, False),  # beyond chance, and less than 2 %
        (9200, 10000, 0.955, 10000, True),
        (1, 2, 1.0, 2, False),
        (0, 3, 1.0, 3, False),  # all of three wrong: one answer each way is added
        (80, 100, 1.0, 0, False),
    ],
)
def test_the_test_split_is_far_below_where_chance_does_not_explain_it(
    right, of, seen, samples, is_said
):
    report = answered(right, of, yes=of // 2)
    said = far_below(LABELS, report, Compared({"accuracy": seen}, samples), OF_LABELS)
    assert (said is not None) == is_said
    if said:
        begins = f"test accuracy {right / of:.4f} is far worse than {seen:.4f} of validation"
        assert said.startswith(begins)


@pytest.mark.parametrize(("seen", "is_said"), [(0.5, True), (0.95, False), (1.2, False)])
def test_errors_of_numbers_are_compared_by_how_much_they_vary(seen, is_said):
    numbers = NumberReporting(
        Numbers(("price",), (1,)), ("mae", "rmse"), (), Intervals(0.9, "linear")
    )
    y = np.zeros((100, 1))
    meter = numbers.meter()
    meter.add(np.linspace(0.0, 2.0, 100, dtype=np.float32)[:, None], y)
    known = by_name((Metric("mae", "min"), Metric("rmse", "min")))
    said = far_below(numbers, meter.report(), Compared({"mae": seen}, 100), known)
    assert (said is not None) == is_said


def test_a_figure_that_is_no_mean_of_samples_is_not_compared():
    report = answered(80, 100, yes=50)
    assert far_below(LABELS, report, Compared({"f1_macro": 1.0}, 100), OF_LABELS) is None


def test_figures_of_validation_are_those_by_the_threshold_that_was_chosen():
    kept = {CALIBRATION: '{"reached": {"accuracy": 0.75, "recall": null}}'}
    assert thresholds.reached(kept, ("accuracy", "recall", "f1")) == {"accuracy": 0.75}
    assert thresholds.reached({}, ("accuracy",)) == {}


def test_samples_that_fill_no_batch_are_counted():
    assert left_out(samples=1298, steps=20, batch_size=64) == (
        "18 of 1,298 training samples are left out of each epoch by batch_size=64, others in each"
    )
    assert left_out(samples=128, steps=2, batch_size=64) is None
    # A last batch that is smaller is not left out.
    assert left_out(samples=130, steps=3, batch_size=64) is None
