"""One of two classes: the report against scikit-learn, thresholds, what is served and answered."""

import json
import math
import warnings

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as oracle

from fmtool.errors import DataError, Diverged, UsageError
from fmtool.runs.layout import CALIBRATION
from fmtool.targets import Label
from fmtool.tasks import binary, classification
from fmtool.tasks.shared.binary_meter import BinaryMeter
from fmtool.tasks.shared.serving import PredictOptions
from fmtool.validate import option as validated

TARGET = Label(("bad", "good"))
RNG = np.random.default_rng(0)


def drawn(samples=400, share=0.3, scale=1.0, levels=None):
    labels = (RNG.random(samples) < share).astype(np.int32)
    logits = RNG.normal(0, scale, samples) + scale * labels
    if levels:
        logits = np.round(logits * levels) / levels
    return logits.astype(np.float32)[:, None], labels


CASES = {
    "random": drawn(),
    "rare": drawn(share=0.02),
    "ties": drawn(levels=1),
    "large logits": drawn(scale=1e3),
    "all the same": (np.full((40, 1), 0.5, np.float32), np.arange(40, dtype=np.int32) % 2),
    "never found": (np.full((20, 1), -3, np.float32), np.arange(20, dtype=np.int32) % 2),
    "perfect": (np.array([[-1], [2], [3]], np.float32), np.array([0, 1, 1], np.int32)),
    "upside down": (np.array([[1], [-2], [-3]], np.float32), np.array([0, 1, 1], np.int32)),
}
ABSENT = {
    "no positive": (drawn(30)[0], np.zeros(30, np.int32)),
    "no negative": (drawn(30)[0], np.ones(30, np.int32)),
    "one sample": (np.array([[0.3]], np.float32), np.array([1], np.int32)),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture
def reporting(option):
    def make(chosen=None, **keys):
        kept = {} if chosen is None else {CALIBRATION: chosen}
        return binary.reporting(option("binary", **keys), TARGET, kept)

    return make


def measured(reporting, logits, labels, batch=7):
    meter = reporting.meter()
    for first in range(0, len(labels), batch):
        some = slice(first, first + batch)
        meter.add(logits[some], labels[some])
    return meter.report()


def expected(logits, labels, *, positive, threshold, beta):
    """The figures of scikit-learn that such predictions have, and those that it has not."""
    shares = expit(logits[:, 0].astype(float))
    is_true, is_found = labels == positive, shares >= threshold
    scores = shares.astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "roc_auc": oracle.roc_auc_score(is_true, scores),
            "pr_auc": oracle.average_precision_score(is_true, scores),
            "accuracy": oracle.accuracy_score(is_true, is_found),
            "balanced_accuracy": oracle.balanced_accuracy_score(is_true, is_found),
            "precision": oracle.precision_score(is_true, is_found, zero_division=np.nan),
            "recall": oracle.recall_score(is_true, is_found),
            "specificity": oracle.recall_score(~is_true, ~is_found),
            "f1": oracle.f1_score(is_true, is_found, zero_division=0),
            "f_beta": oracle.fbeta_score(is_true, is_found, beta=beta, zero_division=0),
            "matthews_corrcoef": oracle.matthews_corrcoef(is_true, is_found),
            "brier": oracle.brier_score_loss(is_true, shares),
            "cost": np.mean(3 * (is_true & ~is_found) + 0.5 * (~is_true & is_found)),
        }


@pytest.mark.parametrize("threshold", [0.5, 0.2])
@pytest.mark.parametrize("positive", [0, 1])
def test_figures_are_those_of_scikit_learn(reporting, case, positive, threshold):
    logits, labels = case
    keys = {"cost_false_negative": 3.0, "cost_false_positive": 0.5, "beta": 2.0}
    made = reporting(positive=TARGET.names[positive], threshold_value=threshold, **keys)
    report = measured(made, logits, labels)
    assert [each.name for each in binary.report_metrics(None)] == list(report.metrics)
    wanted = expected(logits, labels, positive=positive, threshold=threshold, beta=2.0)
    for name, value in wanted.items():
        found = report.metrics[name]
        if found is None:
            # scikit-learn's correlation is 0 where one class alone is predicted.
            assert math.isnan(value) or name == "matthews_corrcoef"
            assert report.undefined[name]
        else:
            assert found == pytest.approx(value, abs=1e-9), name
    assert report.undefined.keys() == {
        name for name, value in report.metrics.items() if value is None
    }
    shares = expit(logits[:, 0].astype(float))
    is_true = labels == positive
    # Its log loss takes probabilities, which underflow where logits are large.
    if np.abs(logits).max() < 30:
        assert report.metrics["loss"] == pytest.approx(oracle.log_loss(is_true, shares), abs=1e-9)
    is_found = shares >= threshold
    predicted = np.where(is_found, positive, 1 - positive)
    matrix = oracle.confusion_matrix(labels, predicted, labels=[0, 1])
    assert report.details["confusion_matrix"] == matrix.tolist()


@pytest.mark.parametrize("name", ABSENT)
def test_of_samples_of_one_class_what_compares_both_is_null_and_says_why(reporting, name):
    logits, labels = ABSENT[name]
    report = measured(reporting(), logits, labels)
    one = "the split has samples of one class only"
    for each in ("roc_auc", "pr_auc", "balanced_accuracy", "matthews_corrcoef"):
        assert (report.metrics[each], report.undefined[each]) == (None, one)
    absent, why = (
        ("recall", "the split has no sample of 'good'")
        if name == "no positive"
        else ("specificity", "all samples of the split are of 'good'")
    )
    assert (report.metrics[absent], report.undefined[absent]) == (None, why)
    is_true, is_found = labels == 1, logits[:, 0] >= 0
    assert report.metrics["accuracy"] == pytest.approx(np.mean(is_true == is_found))
    shares = expit(logits[:, 0].astype(float))
    assert report.metrics["brier"] == pytest.approx(np.mean((shares - is_true) ** 2), abs=1e-12)
    assert json.loads(json.dumps(report.to_json(), allow_nan=False)) == report.to_json()
    assert "roc_pr" not in reporting().figures(report)


def test_where_none_is_found_there_is_no_precision_and_with_none_there_no_f1(reporting):
    logits = np.full((4, 1), -2, np.float32)
    report = measured(reporting(), logits, np.array([0, 1, 0, 1], np.int32))
    assert report.metrics["precision"] is None
    assert report.undefined["precision"] == "no sample is predicted to be 'good'"
    assert report.undefined["matthews_corrcoef"] == "all samples are predicted to be of one class"
    assert report.metrics["f1"] == 0.0
    report = measured(reporting(), logits, np.zeros(4, np.int32))
    assert report.metrics["f1"] is report.metrics["f_beta"] is None
    assert report.undefined["f1"] == (
        "the split has no sample of 'good', and none is predicted to be"
    )


def test_figures_without_a_threshold_are_those_of_two_classes(reporting, option):
    logits, labels = CASES["random"]
    report = measured(reporting(), logits, labels)
    both = np.concatenate([np.zeros_like(logits), logits], axis=1)
    other = measured(classification.reporting(option("classification"), TARGET, {}), both, labels)
    for name in ("loss", "accuracy", "brier", "expected_calibration_error", "matthews_corrcoef"):
        assert report.metrics[name] == pytest.approx(other.metrics[name], abs=1e-12), name
    assert report.details["confusion_matrix"] == other.details["confusion_matrix"]


@pytest.mark.parametrize("batch", [1, 1000])
def test_the_size_of_a_batch_changes_no_bit(reporting, case, batch):
    one, other = (measured(reporting(), *case, batch=size) for size in (7, batch))
    assert (one.to_json(), one.sheets) == (other.to_json(), other.sheets)


def test_outputs_that_are_not_finite_are_a_diverged_model_and_an_empty_split_bad_data(reporting):
    logits, labels = np.array([[0.1], [np.nan]], np.float32), np.array([0, 1], np.int32)
    with pytest.raises(Diverged, match="the logits of 1 of 2 samples are NaN or infinite"):
        measured(reporting(), logits, labels)
    with pytest.raises(DataError, match="no samples"):
        measured(reporting(), logits[:0], labels[:0])


def test_many_scores_are_counted_in_bins(reporting):
    logits, labels = CASES["random"]
    exact = measured(reporting(), logits, labels)
    meter = BinaryMeter(reporting()._question, max_score_bytes=100)
    meter.add(logits, labels)
    report = meter.report()
    assert report.details["auc_bins"] == 256
    assert report.metrics["roc_auc"] == pytest.approx(exact.metrics["roc_auc"], abs=0.02)
    assert report.metrics["f1"] == exact.metrics["f1"]


def test_the_surest_mistakes_are_on_a_sheet_and_the_point_of_the_threshold_on_the_curves(reporting):
    logits = np.array([[2.0], [-3.0], [-1.0], [0.5], [-1.0]], np.float32)
    made = reporting()
    report = measured(made, logits, np.array([0, 1, 1, 1, 0], np.int32), batch=2)
    sheet = report.sheets["misclassified"]
    assert (sheet.title, list(sheet.rows)) == (
        "3 mistakes in 5 samples, the most confident first", [1, 0, 2],
    )  # fmt: skip
    assert sheet.captions[1] == "bad\nseen as good\ngood 88%"
    left, right = made.figures(report)["roc_pr"].axes
    points = [[line.get_xydata()[0].tolist() for line in axes.lines if line.get_marker() == "o"]
              for axes in (left, right)]  # fmt: skip
    np.testing.assert_allclose(points, [[[1 / 2, 1 / 3]], [[1 / 3, 1 / 2]]])
    assert "threshold 0.5000" in [each.get_text() for each in left.get_legend().get_texts()]


def test_the_notes_say_which_class_is_positive_and_from_where_on(reporting):
    report = measured(reporting(), *CASES["random"])
    assert reporting().notes(report) == ("positive is good, from a probability of 0.5000: fixed",)
    assert (report.details["positive"], report.details["threshold"]) == ("good", 0.5)
    assert report.brief == ("threshold",)


RULES = {
    "f_beta": {"beta": 2.0},
    "cost": {"cost_false_negative": 20.0},
    "false_positive_rate": {"rate": 0.1},
    "recall": {"rate": 0.9},
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_chooses_on_validation_what_the_report_then_uses(reporting, rule):
    logits, labels = CASES["random"]
    keys = {"threshold": rule, **RULES[rule]}
    text = reporting(**keys).calibrate(logits, labels)
    document = json.loads(text)
    assert document["samples"] == 400
    assert document["threshold"] == pytest.approx(expit(document["log_odds"]))
    made = reporting(text, **keys)
    report = measured(made, logits, labels)
    for name, value in document["reached"].items():
        assert report.metrics[name] == value
    assert report.details["threshold"] == document["threshold"] != 0.5
    assert made.notes(report)[0].endswith(document["rule"])
    fixed = measured(reporting(**RULES[rule]), logits, labels).metrics
    if rule == "recall":
        assert report.metrics["recall"] >= 0.9 > fixed["recall"]
    elif rule == "false_positive_rate":
        assert report.metrics["specificity"] >= 0.9
    else:
        better = 1 if rule == "f_beta" else -1
        assert better * report.metrics[rule] > better * fixed[rule]


def test_without_validation_or_with_one_class_there_it_is_a_half_and_is_said(reporting, capsys):
    text = reporting(threshold="cost").calibrate(None, None)
    assert capsys.readouterr().err == "no validation split to choose a threshold by: it is 0.5\n"
    assert json.loads(text) == {
        "positive": "good", "rule": "0.5, without a validation split", "threshold": 0.5,
        "log_odds": 0.0,
    }  # fmt: skip
    text = reporting(threshold="cost").calibrate(*ABSENT["no positive"])
    assert capsys.readouterr().err == (
        "the validation split has samples of one class only: the threshold is 0.5\n"
    )
    assert json.loads(text)["log_odds"] == 0.0
    text = reporting(threshold_value=0.9).calibrate(None, None)
    assert json.loads(text)["threshold"] == pytest.approx(0.9)
    assert capsys.readouterr().err == ""


def test_a_fixed_threshold_is_kept_with_what_it_reaches(reporting):
    logits, labels = CASES["random"]
    document = json.loads(reporting(threshold_value=0.25).calibrate(logits, labels))
    assert document["rule"] == "fixed"
    assert document["threshold"] == pytest.approx(0.25)
    is_found = expit(logits[:, 0].astype(float)) >= 0.25
    assert document["reached"]["recall"] == oracle.recall_score(labels, is_found)


# --- what is learned ------------------------------------------------------------------------


def built(option, labels=(0, 0, 1, 0), **keys):
    return binary.build(option("binary", **keys), TARGET, np.array(labels, np.int32))


def computed(function, *arrays):
    return keras.ops.convert_to_numpy(function(*map(keras.ops.convert_to_tensor, arrays)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("loss", ["cross_entropy", "focal", "mse", "mae", "huber"])
def test_a_loss_is_that_of_two_classes_with_one_logit_at_0(option, loss, smoothing):
    y = np.array([0, 1, 1, 0, 0.25], np.float32)
    logits = RNG.normal(0, 3, (5, 1)).astype(np.float32)
    keys = {"loss": loss, "label_smoothing": smoothing}
    found = computed(built(option, **keys).loss, y, logits)
    two = classification.build(option("classification", **keys), TARGET, np.zeros(1, np.int32))
    both = np.concatenate([np.zeros_like(logits), logits], axis=1)
    shares = np.stack([1 - y, y], axis=1)
    np.testing.assert_allclose(found, computed(two.loss, shares, both), rtol=1e-6)
    if (loss, smoothing) == ("mse", 0.0):
        np.testing.assert_allclose(found, (expit(logits[:, 0]) - y) ** 2, rtol=1e-4, atol=1e-7)


def test_targets_are_1_for_the_positive_class_and_weights_are_of_the_class(option):
    labels = np.array([0, 0, 1, 0], np.int32)
    for positive, y in (("good", [0, 0, 1, 0]), ("bad", [1, 1, 0, 1])):
        task = built(option, positive=positive, class_weights="balanced")
        found = task.encode(labels)
        assert (found.tolist(), found.dtype) == (y, np.float32)
        weights = computed(task.sample_weights, found)
        np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2, 2 / 3], rtol=1e-6)
        mixed = computed(task.sample_weights, np.array([0.25], np.float32))
        shares = {"good": (0.25 * 2 + 0.75 * 2 / 3), "bad": (0.25 * 2 / 3 + 0.75 * 2)}
        np.testing.assert_allclose(mixed, [shares[positive]], rtol=1e-6)
    assert built(option).sample_weights(labels) is None


def test_there_is_one_logit_and_the_accuracy_is_that_at_a_half(option):
    task = built(option)
    assert task.head(keras.Input((7,))).shape == (None, 1)
    (accuracy,) = task.metrics()
    accuracy.update_state(
        np.array([0, 1, 1, 0.4], np.float32), np.array([[-1], [0], [-2], [3]], np.float32)
    )
    assert (accuracy.name, float(accuracy.result())) == ("accuracy", pytest.approx(0.5))


def test_a_class_that_is_not_there_is_refused_with_the_closest(option):
    for use in (lambda cfg: binary.build(cfg, TARGET, np.zeros(2, np.int32)),
                lambda cfg: binary.reporting(cfg, TARGET, {})):  # fmt: skip
        with pytest.raises(UsageError) as error:
            use(option("binary", positive="goood"))
        assert str(error.value) == (
            "task.positive: there is no class 'goood'; fix: did you mean 'good'?"
        )
    assert option("binary", positive=1).positive == "1"


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("threshold", "fbeta", "did you mean 'f_beta'?"),
        ("threshold_value", 1.0, "give a value less than 1"),
        ("beta", 0.0, "give a value greater than 0"),
        ("cost_false_negative", -1.0, "give a value greater than or equal to 0"),
        ("rate", 1.5, "give a value less than or equal to 1"),
    ],
)
def test_a_wrong_key_is_one_line(option, key, value, fix):
    with pytest.raises(UsageError) as error:
        validated("task", option("binary").model_dump() | {key: value})
    assert str(error.value) == f"task.{key}={value} is not accepted; fix: {fix}"


def test_costs_of_nothing_are_refused(option):
    values = {"cost_false_negative": 0.0, "cost_false_positive": 0.0}
    with pytest.raises(UsageError, match="no mistake costs anything; fix: give more than 0"):
        validated("task", option("binary").model_dump() | values)


# --- what is served -------------------------------------------------------------------------


@pytest.fixture
def serving(option):
    def make(log_odds=0.0, positive=None):
        kept = {CALIBRATION: json.dumps({"log_odds": log_odds, "rule": "some"})}
        told = binary.about(option("binary", positive=positive), kept)
        return binary.serving(json.loads(json.dumps(told)), TARGET)

    return make


@pytest.mark.parametrize("positive", [None, "bad"])
@pytest.mark.parametrize("log_odds", [0.0, float(np.float32(-1.3))])
def test_the_graph_and_its_twin_agree_at_the_threshold_too(serving, log_odds, positive):
    made, edge = serving(log_odds, positive), np.float32(log_odds)
    below = edge - np.float32(1e-6)
    logits = np.array([[edge], [below], [-30], [30], [0.4]], np.float32)
    twin, graph = made.reference(logits), made.serve(keras.ops.convert_to_tensor(logits))
    assert list(graph) == list(made.outputs)
    is_found = np.array([True, False, False, True, True])
    label = np.where(is_found, 1, 0) if positive is None else np.where(is_found, 0, 1)
    for name, output in made.outputs.items():
        found = keras.ops.convert_to_numpy(graph[name])
        assert (found.dtype, found.shape) == (output.dtype, (5,))
        np.testing.assert_allclose(found, twin[name], rtol=1e-5)
    assert twin["label"].tolist() == label.tolist()
    np.testing.assert_allclose(twin["probability"], expit(logits[:, 0].astype(float)))


def test_the_network_is_found_again_from_what_a_file_gives(serving):
    logits = np.array([[-95.0], [-2.5], [0], [3.25], [80.0]], np.float32)
    served = serving().reference(logits)
    assert serving().network_outputs(served).tolist() == logits.tolist()
    shares = {"probability": served["probability"].astype(np.float32)}
    found = serving().network_outputs(shares)
    np.testing.assert_allclose(found[1:4], logits[1:4], rtol=1e-5, atol=1e-6)
    assert np.isfinite(found).all()
    assert np.all(np.diff(found[:, 0]) > 0)
    assert serving().always == ("probability", "label")


def test_answers_have_the_label_and_the_probability_of_the_positive_class(serving):
    served = {"probability": np.float32([0.25, 0.875]), "label": np.int32([1, 0])}
    made = serving(positive="bad")
    options = PredictOptions()
    assert made.columns(options) == ["label", "probability of bad"]
    answers = made.decode(served, options)
    assert [each.cells for each in answers] == [["good", 0.25], ["bad", 0.875]]
    assert answers[0].document == {"label": "good", "positive": "bad", "probability": 0.25}
    assert (answers[0].shown, answers[0].counted) == (["good", "0.2500"], ("good",))
    both = PredictOptions(probabilities=True)
    assert made.columns(both) == ["label", "probability of bad", "probability of good"]
    (first, _) = made.decode(served, both)
    assert first.cells == ["good", 0.25, 0.75]
    assert first.document["probabilities"] == {"bad": 0.25, "good": 0.75}


def test_a_file_of_samples_has_what_predict_says(reporting, serving):
    logits, labels = np.array([[-1], [2]], np.float32), np.array([1, 1], np.int32)
    made = reporting()
    assert made.compared_columns == ("truth", "label", "probability of good")
    rows = list(made.compared(logits, labels))
    answers = serving().decode(serving().reference(logits), PredictOptions())
    assert [row["label"] for row in rows] == [each.cells[0] for each in answers] == ["bad", "good"]
    np.testing.assert_allclose(
        [row["probability"] for row in rows], [each.cells[1] for each in answers], rtol=1e-6
    )
    assert [row["truth"] for row in rows] == ["good", "good"]


def test_the_card_has_the_threshold_and_both_classes(serving, reporting):
    made, report = serving(), measured(reporting(), *CASES["random"])
    tables = made.card_tables(report.to_json())
    assert tables["Threshold"].rows == [("good", "0.5000", "fixed")]
    assert [row[0] for row in tables["Classes"].rows] == ["bad", "good"]
    limits = " ".join(made.card_limits(report.to_json()))
    assert "It was measured on 400 samples" in limits
    assert "choose another by the probability" in limits
    assert made.hub("features").tag == "tabular-classification"
    assert made.hub("image").metrics[0] == "roc_auc"
    assert made.purpose == "each as bad or good"


@pytest.mark.parametrize(
    "about", [{}, {"positive": None}, {"positive": "ugly", "log_odds": 0.0}, {"log_odds": "0"}]
)
def test_what_a_file_never_said_of_the_task_is_bad_data(about):
    with pytest.raises(DataError):
        binary.serving(about, TARGET)
