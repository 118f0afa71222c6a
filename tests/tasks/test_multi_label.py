"""Any number of classes: the report against scikit-learn, thresholds, what is served."""

import json
import warnings

import keras
import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as oracle

from fmtool.errors import DataError, Diverged, UsageError
from fmtool.runs.layout import CALIBRATION
from fmtool.targets import Labels
from fmtool.tasks import multi_label
from fmtool.tasks.shared.multi_label_meter import MultiLabelMeter
from fmtool.tasks.shared.serving import PredictOptions
from fmtool.validate import option as validated

NAMES = ("ant", "bee", "cat")
TARGET = Labels(NAMES)
RNG = np.random.default_rng(0)


def drawn(samples=300, shares=(0.5, 0.2, 0.05), levels=None, scale=1.0):
    y = (RNG.random((samples, 3)) < shares).astype(np.uint8)
    logits = RNG.normal(-0.5, scale, y.shape) + 1.5 * scale * y
    if levels:
        logits = np.round(logits * levels) / levels
    return logits.astype(np.float32), y


def changed(logits, y, *, column, value=None, label=None):
    logits, y = logits.copy(), y.copy()
    if value is not None:
        logits[:, column] = value
    if label is not None:
        y[:, column] = label
    return logits, y


CASES = {
    "random": drawn(),
    "ties": drawn(levels=1),
    "large logits": drawn(scale=1e3),
    "a class absent": changed(*drawn(), column=2, label=0),
    "a class in every sample": changed(*drawn(), column=0, label=1),
    "a class never found": changed(*drawn(), column=1, value=-4),
    "a class found throughout": changed(*drawn(), column=1, value=4),
    "perfect": (np.float32([[9, -9, 9], [-9, 9, -9]]), np.uint8([[1, 0, 1], [0, 1, 0]])),
    "one sample": (np.float32([[0.5, -0.5, 0]]), np.uint8([[1, 1, 0]])),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


@pytest.fixture
def reporting(option):
    def make(chosen=None, **keys):
        kept = {} if chosen is None else {CALIBRATION: chosen}
        return multi_label.reporting(option("multi_label", **keys), TARGET, kept)

    return make


def measured(reporting, logits, y, batch=7):
    meter = reporting.meter()
    for first in range(0, len(y), batch):
        some = slice(first, first + batch)
        meter.add(logits[some], y[some])
    return meter.report()


def expected(logits, y, threshold):
    shares = expit(logits.astype(float))
    found, scores = shares >= threshold, shares.astype(np.float32)
    occurs = np.flatnonzero(y.any(axis=0))
    told = [column for column in occurs if not y[:, column].all()]
    wanted = {
        "subset_accuracy": oracle.accuracy_score(y, found),
        "hamming_loss": oracle.hamming_loss(y, found),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, score in {
            "precision": oracle.precision_score,
            "recall": oracle.recall_score,
            "f1": oracle.f1_score,
        }.items():
            wanted[f"{name}_micro"] = score(y, found, average="micro", zero_division=0)
            wanted[f"{name}_macro"] = score(
                y, found, average="macro", labels=occurs, zero_division=0
            )
        if told:
            areas = {
                "mean_average_precision": oracle.average_precision_score,
                "roc_auc_macro": oracle.roc_auc_score,
            }
            wanted |= {
                name: area(y[:, told], scores[:, told], average="macro")
                for name, area in areas.items()
            }
    if np.abs(logits).max() < 30:
        wanted["loss"] = np.mean(
            [oracle.log_loss(y[:, k], shares[:, k], labels=[0, 1]) for k in range(3)]
        )
    return wanted


@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_figures_are_those_of_scikit_learn(reporting, case, threshold):
    logits, y = case
    report = measured(reporting(threshold_value=threshold), logits, y)
    assert {each.name for each in multi_label.report_metrics(None)} == report.metrics.keys()
    for name, value in expected(logits, y, threshold).items():
        assert report.metrics[name] == pytest.approx(value, abs=1e-9), name
    assert report.undefined.keys() == {
        name for name, value in report.metrics.items() if value is None
    }
    assert json.loads(json.dumps(report.to_json(), allow_nan=False)) == report.to_json()


def test_rows_of_classes_are_those_of_scikit_learn(reporting, case):
    logits, y = case
    shares = expit(logits.astype(float))
    report = measured(reporting(), logits, y)
    for column, entry in enumerate(report.details["per_class"]):
        truth, found = y[:, column], shares[:, column] >= 0.5
        score = shares[:, column].astype(np.float32)
        nan = {"zero_division": np.nan}
        wanted = {
            "precision": oracle.precision_score(truth, found, **nan),
            "recall": oracle.recall_score(truth, found, **nan),
            "f1": oracle.f1_score(truth, found, **nan),
        }
        if 0 < truth.sum() < len(truth):
            wanted["roc_auc"] = oracle.roc_auc_score(truth, score)
            wanted["pr_auc"] = oracle.average_precision_score(truth, score)
        for name, value in wanted.items():
            if np.isnan(value):
                assert entry[name] is None
                assert entry["undefined"][name]
            else:
                assert entry[name] == pytest.approx(value, abs=1e-9), (column, name)
        assert (entry["support"], entry["threshold"]) == (truth.sum(), 0.5)
        if len(wanted) == 3:
            assert entry["roc_auc"] is entry["pr_auc"] is None
    absent = [name for name, count in zip(NAMES, y.sum(axis=0), strict=True) if not count]
    assert report.details["absent_classes"] == absent


def test_where_no_sample_has_a_class_figures_are_null_and_say_why(reporting):
    logits, y = np.full((4, 3), -2, np.float32), np.zeros((4, 3), np.uint8)
    report = measured(reporting(), logits, y)
    none = "no sample of the split has a class"
    assert report.undefined == {
        "mean_average_precision": "no class has samples with it and samples without it",
        "roc_auc_macro": "no class has samples with it and samples without it",
        **dict.fromkeys(("f1_macro", "precision_macro", "recall_macro", "recall_micro"), none),
        "precision_micro": "no class is predicted for any sample",
        "f1_micro": f"{none}, and none is predicted",
    }
    assert all(report.metrics[name] is None for name in report.undefined)
    assert (report.metrics["subset_accuracy"], report.metrics["hamming_loss"]) == (1.0, 0.0)
    assert reporting().figures(report) == {}
    assert reporting().notes(report) == [
        "thresholds: fixed",
        "no samples of ant, bee, cat in this split: means leave them out",
    ]


@pytest.mark.parametrize("batch", [1, 1000])
def test_the_size_of_a_batch_changes_no_bit(reporting, case, batch):
    one, other = (measured(reporting(), *case, batch=size) for size in (7, batch))
    assert (one.to_json(), one.sheets) == (other.to_json(), other.sheets)


def test_outputs_that_are_not_finite_are_a_diverged_model_and_an_empty_split_bad_data(reporting):
    logits, y = np.zeros((2, 3), np.float32), np.zeros((2, 3), np.uint8)
    logits[1, 2] = np.inf
    with pytest.raises(Diverged, match="the logits of 1 of 2 samples are NaN or infinite"):
        measured(reporting(), logits, y)
    with pytest.raises(DataError, match="no samples"):
        measured(reporting(), logits[:0], y[:0])


def test_many_scores_are_counted_in_bins():
    logits, y = CASES["random"]
    meter = MultiLabelMeter(NAMES, np.zeros(3), max_score_bytes=100)
    meter.add(logits, y)
    report = meter.report()
    assert report.details["auc_bins"] == 256
    wanted = expected(logits, y, 0.5)
    assert report.metrics["roc_auc_macro"] == pytest.approx(wanted["roc_auc_macro"], abs=0.02)
    assert report.metrics["f1_macro"] == pytest.approx(wanted["f1_macro"], abs=1e-12)


def test_the_surest_wrong_classes_are_on_a_sheet(reporting):
    logits = np.float32([[2, -2, 1], [1, -3, -1], [-4, 4, -4]])
    y = np.uint8([[1, 0, 0], [0, 1, 0], [0, 1, 0]])
    sheet = measured(reporting(), logits, y, batch=2).sheets["misclassified"]
    assert sheet.title == "2 mistakes in 3 samples, the most confident first"
    assert list(sheet.rows) == [1, 0]
    assert list(sheet.captions) == ["bee\nmissed\n95%", "cat\nwrongly found\n73%"]


def test_the_threshold_of_each_class_is_that_of_its_best_f1(reporting):
    logits, y = CASES["random"]
    text = reporting(threshold="f1").calibrate(logits, y)
    document = json.loads(text)
    assert document["rule"] == "highest F1 of each class on validation"
    made = reporting(text, threshold="f1")
    report = measured(made, logits, y)
    for name, value in document["reached"].items():
        assert report.metrics[name] == value
    for column, entry in enumerate(report.details["per_class"]):
        best = max(
            oracle.f1_score(y[:, column], logits[:, column] >= each, zero_division=0)
            for each in np.unique(logits[:, column])
        )
        assert entry["f1"] == pytest.approx(best, abs=1e-12)
        assert entry["threshold"] == document["thresholds"][NAMES[column]]
    fixed = measured(reporting(), logits, y)
    assert report.metrics["f1_macro"] > fixed.metrics["f1_macro"]
    assert made.notes(report) == ["thresholds: highest F1 of each class on validation"]


def test_classes_that_validation_does_not_tell_keep_a_half_and_are_said(reporting, capsys):
    logits, y = changed(*CASES["a class absent"], column=0, label=1)
    document = json.loads(reporting(threshold="f1").calibrate(logits, y))
    assert document["thresholds"]["ant"] == document["thresholds"]["cat"] == 0.5
    assert document["thresholds"]["bee"] != 0.5
    assert capsys.readouterr().err == (
        "no validation samples with and without ant, cat to choose a threshold by: it is 0.5\n"
    )
    document = json.loads(reporting(threshold="f1").calibrate(None, None))
    assert document["log_odds"] == [0, 0, 0]
    assert capsys.readouterr().err == (
        "no validation split to choose thresholds by: they are 0.5\n"
    )
    document = json.loads(reporting(threshold_value=0.9).calibrate(None, None))
    assert list(document["thresholds"].values()) == pytest.approx([0.9] * 3)
    assert capsys.readouterr().err == ""


# --- what is learned ------------------------------------------------------------------------


def built(option, y=((1, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 0)), **keys):
    return multi_label.build(option("multi_label", **keys), TARGET, np.array(y, np.uint8))


def stepped(task, y, outputs, *, training=True):
    """The loss of each sample, as a step computes it."""
    _, y, weights = task.batch(None, keras.ops.convert_to_tensor(y), None, training)
    assert weights is None
    return keras.ops.convert_to_numpy(task.loss(y, keras.ops.convert_to_tensor(outputs)))


@pytest.mark.parametrize("y", [np.uint8([[1, 0, 1]]), np.float32([[0.25, 0, 1]])])
def test_the_loss_is_the_mean_of_the_yes_or_no_of_each_class(option, y):
    logits = np.float32([[0.3, -2, 5]])
    shares = expit(logits.astype(float))
    each = -(y * np.log(shares) + (1 - y) * np.log(1 - shares))
    np.testing.assert_allclose(stepped(built(option), y, logits), each.mean(axis=1), rtol=1e-5)
    smoothed = 0.9 * y + 0.05
    wanted = -(smoothed * np.log(shares) + (1 - smoothed) * np.log(1 - shares))
    found = stepped(built(option, label_smoothing=0.1), y, logits)
    np.testing.assert_allclose(found, wanted.mean(axis=1), rtol=1e-5)
    focal = -(y * (1 - shares) ** 2 * np.log(shares) + (1 - y) * shares**2 * np.log(1 - shares))
    found = stepped(built(option, loss="focal"), y, logits)
    np.testing.assert_allclose(found, focal.mean(axis=1), rtol=1e-4)


def test_a_yes_weighs_by_its_class_in_training_alone(option):
    y, logits = np.uint8([[1, 0, 1]]), np.float32([[0.3, -2, 5]])
    shares = expit(logits.astype(float))
    each = np.where(y, -np.log(shares), -np.log(1 - shares))
    for given, weights in (
        ("balanced", [1 / 3, 3, 3]),
        ([2.0, 3.0, 4.0], [2, 3, 4]),
        ({"cat": 5.0}, [1, 1, 5]),
    ):
        task = built(option, class_weights=given)
        weighed = each * np.where(y, weights, 1)
        np.testing.assert_allclose(stepped(task, y, logits), weighed.mean(axis=1), rtol=1e-5)
        found = stepped(task, y, logits, training=False)
        np.testing.assert_allclose(found, each.mean(axis=1), rtol=1e-5)
    everywhere = built(option, y=[[1, 0, 1], [1, 0, 0]], class_weights="balanced")
    np.testing.assert_array_equal(everywhere._weights, [1, 1, 1])
    with pytest.raises(UsageError, match="there is no class 'cta'; fix: did you mean 'cat'"):
        built(option, class_weights={"cta": 2.0})


def test_metrics_while_training_are_those_of_a_half(option):
    task = built(option)
    assert task.head(keras.Input((7,))).shape == (None, 3)
    y, outputs = np.uint8([[1, 0, 1], [0, 0, 1]]), np.float32([[1, -1, 0], [2, 2, 2]])
    _, y, _ = task.batch(None, keras.ops.convert_to_tensor(y), None, True)
    found = {}
    for metric in task.metrics():
        metric.update_state(y, keras.ops.convert_to_tensor(outputs))
        found[metric.name] = float(metric.result())
    assert found == {
        "subset_accuracy": pytest.approx(0.5), "hamming_loss": pytest.approx(1 / 3),
    }  # fmt: skip
    names = [each.name for each in multi_label.training_metrics(None)]
    assert names == ["loss", *found]


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("threshold", "f2", "give 'fixed' or 'f1'"),
        ("threshold_value", 0.0, "give a value greater than 0"),
    ],
)
def test_a_wrong_key_is_one_line(option, key, value, fix):
    with pytest.raises(UsageError) as error:
        validated("task", option("multi_label").model_dump() | {key: value})
    assert str(error.value) == f"task.{key}={value} is not accepted; fix: {fix}"


# --- what is served -------------------------------------------------------------------------

CHOSEN = json.dumps(
    {"rule": "r", "thresholds": {}, "log_odds": [0.0, float(np.float32(-1.3)), 2.5]}
)


@pytest.fixture
def serving(option):
    def make(kept=CHOSEN):
        told = multi_label.about(option("multi_label"), {} if kept is None else {CALIBRATION: kept})
        return multi_label.serving(json.loads(json.dumps(told)), TARGET)

    return make


def test_the_graph_and_its_twin_agree_at_the_thresholds_too(serving):
    made, edge = serving(), np.float32([0, -1.3, 2.5])
    logits = np.stack([edge, edge - np.float32(1e-6), [-30, 30, 0.5]]).astype(np.float32)
    twin, graph = made.reference(logits), made.serve(keras.ops.convert_to_tensor(logits))
    assert list(graph) == list(made.outputs)
    for name, output in made.outputs.items():
        found = keras.ops.convert_to_numpy(graph[name])
        assert (found.dtype, found.shape) == (output.dtype, (3, 3))
        np.testing.assert_allclose(found, twin[name], rtol=1e-5, atol=1e-12)
    assert twin["labels"].tolist() == [[1, 1, 1], [0, 0, 0], [0, 1, 0]]
    alone = serving(None).reference(np.float32([[0, -0.1, 9]]))
    assert alone["labels"].tolist() == [[1, 0, 1]]


def test_the_network_is_found_again_from_what_a_file_gives(serving):
    logits = np.float32([[-95, -2.5, 0], [3.25, 80, 1]])
    served = serving().reference(logits)
    assert serving().network_outputs(served).tolist() == logits.tolist()
    shares = {"probabilities": served["probabilities"].astype(np.float32)}
    found = serving().network_outputs(shares)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0, 1:], logits[0, 1:], rtol=1e-5, atol=1e-6)
    assert serving().always == ("probabilities", "labels")


def test_answers_are_lists_of_classes(serving):
    served = {
        "probabilities": np.float32([[0.75, 0.5, 0.125], [0, 0, 0]]),
        "labels": np.int32([[1, 1, 0], [0, 0, 0]]),
    }
    made = serving()
    assert made.columns(PredictOptions()) == ["labels"]
    both, none = made.decode(served, PredictOptions())
    assert (both.cells, both.document) == (["ant;bee"], {"labels": ["ant", "bee"]})
    assert (none.cells, none.document) == ([""], {"labels": []})
    assert (both.shown, both.counted) == (["ant;bee"], ["ant", "bee"])
    options = PredictOptions(probabilities=True)
    assert made.columns(options) == ["labels", *(f"probability of {name}" for name in NAMES)]
    first, _ = made.decode(served, options)
    assert first.cells == ["ant;bee", 0.75, 0.5, 0.125]
    assert first.document["probabilities"] == {"ant": 0.75, "bee": 0.5, "cat": 0.125}


def test_a_file_of_samples_has_what_predict_says(reporting, serving):
    logits, y = np.float32([[1, -1, 2.4], [-1, -1.5, 3]]), np.uint8([[1, 0, 0], [0, 0, 0]])
    made = reporting(CHOSEN)
    assert made.compared_columns[:2] == ("truth", "labels")
    rows = list(made.compared(logits, y))
    answers = serving().decode(serving().reference(logits), PredictOptions())
    found = [row["labels"] for row in rows]
    assert found == [each.document["labels"] for each in answers] == [["ant", "bee"], ["cat"]]
    assert [row["truth"] for row in rows] == [["ant"], []]
    assert rows[0]["probabilities"]["ant"] == pytest.approx(expit(1.0), rel=1e-6)


def test_the_card_has_the_classes_with_their_thresholds(serving, reporting):
    report = measured(reporting(), *CASES["a class absent"]).to_json()
    table = serving().card_tables(report)["Classes"]
    assert table.columns[-1] == "threshold"
    assert [row[0] for row in table.rows] == list(NAMES)
    assert all(row[-1] == "0.5000" for row in table.rows)
    limits = " ".join(serving().card_limits(report))
    assert "None of them is of cat" in limits
    assert serving().purpose == "each as any of 3 classes"
    assert serving().hub("text").metrics[0] == "mean_average_precision"


@pytest.mark.parametrize("about", [{}, {"log_odds": [0.0]}, {"log_odds": [0.0, None, 0.0]}])
def test_what_a_file_never_said_of_the_task_is_bad_data(about):
    with pytest.raises(DataError):
        multi_label.serving(about, TARGET)
