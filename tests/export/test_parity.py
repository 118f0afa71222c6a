"""When an exported file counts as the same model."""

import numpy as np
import pytest
from label_outputs import ACCURACY, classes, declared, measured, metadata

from fmtool.export import parity
from fmtool.export.outputs import Writer
from fmtool.export.parity import LIMITS, Limits

NAMES = declared(("probabilities", "label"), classes(2))
DTYPES = {name: output.dtype for name, output in NAMES.items()}
STRICT = Limits(tolerance=1e-3, agreement=0.999, score_loss=None)


def written(folder, probabilities):
    probabilities = np.asarray(probabilities, np.float32)
    writer = Writer(folder, len(probabilities), DTYPES)
    writer.add({"probabilities": probabilities, "label": probabilities.argmax(axis=1)})
    writer.close()
    return folder


@pytest.fixture
def compared(tmp_path):
    """A function that compares two arrays of probabilities as outputs on disk."""

    def compare(expected, found):
        first, second = written(tmp_path / "a", expected), written(tmp_path / "b", found)
        return parity.compare(NAMES, first, second)

    return compare


def objection(found, limits=STRICT, *, accuracy=0.9, reference=0.9):
    scores = parity.Scores(ACCURACY, accuracy, reference, is_relative=False)
    return parity.objection(found, limits, named=NAMES, scores=scores)


def test_equal_outputs_have_no_difference(compared):
    found = compared([[0.25, 0.75], [1.0, 0.0]], [[0.25, 0.75], [1.0, 0.0]])
    assert found == {
        "samples": 2,
        "agreeing": 2,
        "agreement": 1.0,
        "differences": {"probabilities": {"max": 0.0, "mean": 0.0}},
    }
    assert objection(found) is None


def test_the_largest_and_the_mean_difference_are_over_all_values(compared):
    found = compared([[0.25, 0.75], [1.0, 0.0]], [[0.5, 0.5], [1.0, 0.0]])
    assert found["differences"]["probabilities"] == {"max": 0.25, "mean": 0.125}
    assert found["agreeing"] == 1


def test_a_probability_beyond_the_tolerance_is_named(compared):
    found = compared([[0.25, 0.75]], [[0.3, 0.7]])
    assert objection(found) == "a probability differs by 0.05, more than 0.001"


def test_nan_is_no_match_however_wide_the_tolerance(compared):
    found = compared([[0.25, 0.75]], [[np.nan, 0.75]])
    assert found["differences"]["probabilities"]["max"] == np.inf
    assert objection(found, Limits(tolerance=1e9, agreement=0, score_loss=None)) is not None


def test_too_few_equal_labels_are_named(compared):
    found = compared([[0.4, 0.6], [0.6, 0.4]], [[0.6, 0.4], [0.6, 0.4]])
    text = objection(found, Limits(tolerance=None, agreement=0.95, score_loss=None))
    assert text == "1 of 2 labels agree, fewer than 95.0%"


def test_a_fall_of_the_accuracy_beyond_the_limit_is_named(compared):
    found = compared([[0.4, 0.6]], [[0.4, 0.6]])
    assert objection(found, LIMITS["int8"], accuracy=0.905, reference=0.91) is None
    text = objection(found, LIMITS["int8"], accuracy=0.88, reference=0.91)
    assert text == "the accuracy falls by 0.0300, more than 0.01"


def test_the_score_has_the_accuracy_and_the_cross_entropy_of_the_true_class(tmp_path):
    folder = written(tmp_path / "a", [[0.25, 0.75], [0.5, 0.5]])
    score = measured([1, 1], classes(2)).score(folder, metadata(NAMES, 2))
    assert score["accuracy"] == 0.5
    assert score["loss"] == pytest.approx(-(np.log(0.75) + np.log(0.5)) / 2)


def test_what_goes_beyond_the_samples_is_left_out(tmp_path):
    writer = Writer(tmp_path / "a", 3, DTYPES)
    for _ in range(2):
        writer.add({"label": np.array([4, 5])})
    writer.close()
    assert np.load(tmp_path / "a" / "label.npy").tolist() == [4, 5, 4]
