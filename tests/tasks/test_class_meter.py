"""A classifier's report against scikit-learn, and where scikit-learn is of no help."""

import json
import math
import warnings

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn import metrics as oracle

from fmtool.errors import DataError, Diverged
from fmtool.targets import Label
from fmtool.tasks import classification
from fmtool.tasks.shared.class_curves import AUCS
from fmtool.tasks.shared.class_figures import RATIOS
from fmtool.tasks.shared.class_meter import ClassMeter
from fmtool.tasks.shared.label_reporting import LabelReporting


def metered(logits, labels, names, *, batch=7):
    """The report of samples that come in batches."""
    meter = LabelReporting(Label(tuple(names))).meter()
    for first in range(0, len(labels), batch):
        some = slice(first, first + batch)
        meter.add(logits[some], labels[some])
    return meter.report()


def classification_report(*data):
    return metered(*data).to_json()


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
        undefined = entry.get("undefined", {})
        assert [name for name in undefined if name not in AUCS] == nulls


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
        **dict.fromkeys(AUCS),
        "undefined": {
            "precision": "no sample is predicted to be of this class",
            "recall": "the split has no sample of this class",
            "f1": "the split has no sample of this class, and none is predicted to be",
            **dict.fromkeys(AUCS, "the split has no sample of this class"),
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
    report = metered(*CASES["ten classes"])
    assert {each.name for each in classification.report_metrics(None)} == report.metrics.keys()


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


@pytest.mark.parametrize("batch", [1, 64, 1000])
def test_the_size_of_a_batch_changes_no_bit(data, batch):
    one, other = metered(*data, batch=batch), metered(*data, batch=7)
    assert one.to_json() == other.to_json()
    assert one.sheets == other.sheets


def test_agreement_beyond_chance_is_that_of_scikit_learn(data):
    logits, labels, names = data
    report, predicted = classification_report(*data), logits.argmax(axis=1)
    assert report["balanced_accuracy"] == pytest.approx(
        oracle.recall_score(labels, predicted, average="macro", labels=np.unique(labels))
    )
    if len(labels) > 1:
        for name, figure in {
            "balanced_accuracy": oracle.balanced_accuracy_score,
            "matthews_corrcoef": oracle.matthews_corrcoef,
            "cohen_kappa": oracle.cohen_kappa_score,
        }.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of classes that are predicted and not there
                expected = figure(labels, predicted)
            assert report[name] == pytest.approx(expected, abs=1e-9), name
    probabilities = np.exp(log_softmax(logits.astype(np.float64), axis=1))
    classes = range(len(names))
    expected = oracle.brier_score_loss(labels, probabilities, labels=classes)
    assert report["brier"] == pytest.approx(expected, abs=1e-9)


def test_areas_below_curves_are_those_of_scikit_learn(data):
    logits, labels, _ = data
    report = classification_report(*data)
    scores = np.exp(log_softmax(logits.astype(np.float64), axis=1)).astype(np.float32)
    expected = {name: [] for name in AUCS}
    for index, entry in enumerate(report["per_class"]):
        is_true = labels == index
        if is_true.all() or not is_true.any():
            assert entry["roc_auc"] is entry["pr_auc"] is None
            continue
        expected["roc_auc"].append(oracle.roc_auc_score(is_true, scores[:, index]))
        expected["pr_auc"].append(oracle.average_precision_score(is_true, scores[:, index]))
        assert entry["roc_auc"] == pytest.approx(expected["roc_auc"][-1], abs=1e-9)
        assert entry["pr_auc"] == pytest.approx(expected["pr_auc"][-1], abs=1e-9)
    for name, values in expected.items():
        wanted = pytest.approx(np.mean(values), abs=1e-9) if values else None
        assert report[f"{name}_macro"] == wanted


def test_of_samples_of_one_class_what_compares_classes_is_null_and_says_why():
    logits = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    report = metered(logits, np.zeros(3, int), list("abc"))
    one = "the split has samples of one class only"
    for name in ("roc_auc_macro", "pr_auc_macro", "matthews_corrcoef"):
        assert report.metrics[name] is None
        assert report.undefined[name] == one
    assert report.metrics["cohen_kappa"] == 0
    report = metered(logits[:2], np.zeros(2, int), list("abc"))
    assert report.metrics["cohen_kappa"] is None
    assert report.undefined["cohen_kappa"] == "all samples are of one class, and predicted to be"


def test_where_one_class_is_predicted_throughout_there_is_no_correlation():
    logits = np.tile(np.float32([2, 1, 0]), (4, 1))
    report = metered(logits, np.array([0, 1, 2, 0]), list("abc"))
    assert report.metrics["matthews_corrcoef"] is None
    assert report.undefined["matthews_corrcoef"] == "all samples are predicted to be of one class"
    assert report.metrics["roc_auc_macro"] == 0.5
    assert report.metrics["cohen_kappa"] == 0
    assert report.metrics["balanced_accuracy"] == pytest.approx(1 / 3)


def test_the_surest_mistakes_are_on_a_sheet_by_their_rows():
    logits = np.log(np.float32([[6, 4], [1, 99], [3, 7], [1, 9]]))
    report = metered(logits, np.array([1, 1, 0, 0]), ["cat", "dog"], batch=3)
    sheet = report.sheets["misclassified"]
    assert sheet.title == "3 mistakes in 4 samples, the most confident first"
    assert list(sheet.rows) == [3, 2, 0]
    assert list(sheet.captions) == [
        "cat\nseen as dog\n90%", "cat\nseen as dog\n70%", "dog\nseen as cat\n60%",
    ]  # fmt: skip


def test_a_sheet_has_room_for_thirty_two_mistakes_and_without_any_there_is_none():
    logits = np.eye(2, dtype=np.float32)[np.zeros(50, int)]
    report = metered(logits, np.ones(50, int), list("ab"))
    assert list(report.sheets["misclassified"].rows) == list(range(32))
    assert metered(logits, np.zeros(50, int), list("ab")).sheets == {}


def test_where_scores_would_take_too_much_the_report_says_into_how_many_bins_they_went():
    logits, labels, names = CASES["ten classes"]
    exact, small = (
        metered(logits, labels, names),
        ClassMeter(names, impossible={}, max_score_bytes=10_000),
    )
    small.add(logits, labels)
    report = small.report()
    assert "auc_bins" not in exact.details
    assert report.details["auc_bins"] == 256
    for name in ("roc_auc_macro", "pr_auc_macro"):
        assert report.metrics[name] == pytest.approx(exact.metrics[name], abs=0.02)
    assert report.metrics["brier"] == exact.metrics["brier"]


def test_an_empty_split_is_bad_data():
    with pytest.raises(DataError, match="no samples"):
        classification_report(np.zeros((0, 3), np.float32), np.zeros(0, np.int32), list("abc"))
