"""The classification report against scikit-learn, and where scikit-learn is of no help."""

import json
import math

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn import metrics as oracle

from fmtool.errors import DataError, Diverged
from fmtool.evaluation.metrics import RATIOS, classification_report
from fmtool.tasks.classification import REPORT_METRICS


def case(samples, classes, scale, seed=0, dtype=np.int32):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples).astype(dtype)
    logits = rng.normal(0, scale, (samples, classes)).astype(np.float32)
    logits[np.arange(samples), labels] += scale
    return logits, labels, [f"class {index}" for index in range(classes)]


def never_predicted():
    logits, labels, names = case(200, 4, 1.0)
    logits[:, 2] = -50
    return logits, labels, names


def never_true():
    logits, labels, names = case(200, 4, 1.0)
    return logits, np.where(labels == 1, 0, labels), names


CASES = {
    "ten classes": case(1000, 10, 1.0),
    "two classes": case(300, 2, 0.5),
    "a hundred classes, few samples": case(50, 100, 2.0),
    "uint8 labels, 300 cells": case(500, 20, 1.0, dtype=np.uint8),
    "one sample": case(1, 7, 1.0),
    "a class never predicted": never_predicted(),
    "a class that does not occur": never_true(),
    "large logits": case(400, 6, 1e4),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def data(request):
    return request.param


def test_loss_and_accuracies_are_those_of_scipy_and_scikit_learn(data):
    logits, labels, names = data
    report = classification_report(logits, labels, names)
    # scikit-learn's log_loss takes probabilities, which underflow where logits are large.
    log_probabilities = log_softmax(logits.astype(np.float64), axis=1)
    expected_loss = -log_probabilities[np.arange(len(labels)), labels].mean()
    assert report["loss"] == pytest.approx(expected_loss, rel=1e-12)
    assert report["accuracy"] == oracle.accuracy_score(labels, logits.argmax(axis=1))
    if len(names) > 5:
        top_5 = oracle.top_k_accuracy_score(labels, logits, k=5, labels=range(len(names)))
        assert report["top_5_accuracy"] == top_5


def test_precision_recall_and_f1_are_those_of_scikit_learn(data):
    logits, labels, names = data
    report = classification_report(logits, labels, names)
    require_averages_of_scikit_learn(report, labels, logits.argmax(axis=1))
    per_class = oracle.precision_recall_fscore_support(
        labels, logits.argmax(axis=1), labels=range(len(names)), zero_division=np.nan
    )
    for index, name in enumerate(names):
        entry = report["per_class"][index]
        assert list(entry)[:5] == ["name", "precision", "recall", "f1", "support"]
        assert entry["name"] == name
        got = [math.nan if each is None else each for each in list(entry.values())[1:5]]
        assert got == pytest.approx([values[index] for values in per_class], rel=1e-12, nan_ok=True)
        # In scikit-learn an F1 of a class that is only predicted, or only true, is 0, as here.
        nulls = [each for each in RATIOS if entry[each] is None]
        assert list(entry.get("undefined", {})) == nulls


def require_averages_of_scikit_learn(report, labels, predicted):
    """`_macro` is its mean over the classes that occur, `_macro_all` over all."""
    classes = range(len(report["per_class"]))
    conventions = {
        "macro": {"average": "macro", "labels": np.unique(labels)},
        "macro_all": {"average": "macro", "labels": classes},
        "weighted": {"average": "weighted", "labels": classes},
    }
    for ending, arguments in conventions.items():
        expected = oracle.precision_recall_fscore_support(
            labels, predicted, zero_division=0, **arguments
        )[:3]
        got = [report[f"{name}_{ending}"] for name in RATIOS]
        assert got == pytest.approx(expected, rel=1e-12), ending


@pytest.mark.parametrize("seed", range(12))
def test_averages_are_those_of_scikit_learn_for_any_confusion_matrix(seed):
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(2, 9))
    there = rng.permutation(classes)[: rng.integers(1, classes + 1)]
    foreseen = rng.permutation(classes)[: rng.integers(1, classes + 1)]
    labels, predicted = rng.choice(there, 40), rng.choice(foreseen, 40)
    report = classification_report(
        np.eye(classes, dtype=np.float32)[predicted], labels, [str(each) for each in range(classes)]
    )
    require_averages_of_scikit_learn(report, labels, predicted)
    missing = sorted({*range(classes)} - {*labels.tolist()})
    assert report["absent_classes"] == [str(each) for each in missing]


def test_a_perfect_model_has_macro_averages_of_one_though_a_class_does_not_occur():
    labels = np.array([0] * 25 + [1] * 25)
    report = classification_report(np.eye(3, dtype=np.float32)[labels], labels, list("abc"))
    for name in RATIOS:
        assert report[f"{name}_macro"] == 1.0
        assert report[f"{name}_macro_all"] == pytest.approx(2 / 3)
    assert report["absent_classes"] == ["c"]
    assert report["per_class"][2] == {
        "name": "c",
        **dict.fromkeys(RATIOS),
        "support": 0,
        "undefined": {
            "precision": "no sample is predicted to be of this class",
            "recall": "the split has no sample of this class",
            "f1": "the split has no sample of this class, and none is predicted to be",
        },
    }


def test_one_mistake_into_a_class_that_does_not_occur_costs_what_one_mistake_costs():
    labels, predicted = np.zeros(1000, np.int64), np.zeros(1000, np.int64)
    predicted[0] = 1
    report = classification_report(np.eye(2, dtype=np.float32)[predicted], labels, list("ab"))
    assert report["f1_macro"] == pytest.approx(2 * 999 / 1999)
    assert report["per_class"][1]["recall"] is None
    assert report["per_class"][1]["f1"] == 0.0


def test_the_confusion_matrix_has_true_classes_as_rows(data):
    logits, labels, names = data
    report = classification_report(logits, labels, names)
    expected = oracle.confusion_matrix(labels, logits.argmax(axis=1), labels=range(len(names)))
    assert report["confusion_matrix"] == expected.tolist()
    assert sum(map(sum, report["confusion_matrix"])) == report["samples"] == len(labels)


def test_the_report_is_plain_and_strict_json(data):
    report = classification_report(*data)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_every_name_a_gate_may_use_is_in_a_report_of_many_classes():
    report = classification_report(*CASES["ten classes"])
    assert set(REPORT_METRICS) <= report.keys()


def test_up_to_five_classes_there_is_no_top_five():
    report = classification_report(*case(50, 5, 1.0))
    assert report["top_5_accuracy"] is None
    assert report["undefined"] == {"top_5_accuracy": "with 5 classes it is always 1"}
    assert classification_report(*CASES["ten classes"])["undefined"] == {}


def test_of_equal_logits_the_lower_class_comes_first():
    logits = np.zeros((7, 7), np.float32)
    report = classification_report(logits, np.arange(7), list("abcdefg"))
    assert report["accuracy"] == 1 / 7
    assert report["top_5_accuracy"] == 5 / 7
    assert report["loss"] == pytest.approx(math.log(7), rel=1e-15)


def test_the_loss_is_that_of_scikit_learn_where_no_probability_underflows():
    logits, labels, names = CASES["ten classes"]
    probabilities = np.exp(log_softmax(logits.astype(np.float64), axis=1))
    expected = oracle.log_loss(labels, probabilities, labels=range(10))
    assert classification_report(logits, labels, names)["loss"] == pytest.approx(expected)


def test_the_loss_of_certain_answers_is_exact_where_probabilities_underflow():
    logits = np.array([[2000, 0], [0, 2000]], np.float32)
    assert classification_report(logits, np.array([0, 1]), ["a", "b"])["loss"] == 0.0
    assert classification_report(logits, np.array([1, 0]), ["a", "b"])["loss"] == 2000.0


def test_calibration_is_the_mean_gap_between_confidence_and_accuracy():
    # Confidences 0.75 (right), 0.75 (wrong) and 0.5 (right): two bins.
    logits = np.log(np.array([[3, 1], [3, 1], [1, 1]], np.float32))
    report = classification_report(logits, np.array([0, 1, 0]), ["a", "b"])
    expected = (abs(1 - 2 * 0.75) + abs(1 - 0.5)) / 3
    assert report["expected_calibration_error"] == pytest.approx(expected, rel=1e-7)


def test_calibration_uses_fifteen_bins_of_equal_width():
    logits, labels, names = CASES["ten classes"]
    probabilities = np.exp(log_softmax(logits.astype(np.float64), axis=1))
    confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            gap = abs(is_right[inside].mean() - confidence[inside].mean())
            expected += gap * inside.mean()
    report = classification_report(logits, labels, names)
    assert report["expected_calibration_error"] == pytest.approx(expected, rel=1e-9)


def test_a_model_that_is_right_as_often_as_it_claims_has_no_calibration_error():
    logits = np.tile(np.log(np.array([0.8, 0.2], np.float32)), (5, 1))
    report = classification_report(logits, np.array([0, 0, 0, 0, 1]), ["a", "b"])
    assert report["expected_calibration_error"] == pytest.approx(0, abs=1e-7)


def test_logits_that_are_not_finite_are_a_diverged_model():
    logits, labels, names = case(5, 3, 1.0)
    logits[1, 0], logits[3, 2] = np.nan, np.inf
    with pytest.raises(Diverged, match="the logits of 2 of 5 samples are NaN or infinite"):
        classification_report(logits, labels, names)
    logits[3, 1] = -np.inf
    with pytest.raises(Diverged, match="the logits of 2 of 5 samples are NaN or infinite"):
        classification_report(logits, labels, names)


def test_an_empty_split_is_bad_data():
    with pytest.raises(DataError, match="no samples"):
        classification_report(np.zeros((0, 3), np.float32), np.zeros(0, np.int32), list("abc"))
