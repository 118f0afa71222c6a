"""The limits that hold by themselves: what is kept just within them, what is refused just beyond.

Files are compared as an export compares them, from outputs on disk.
"""

import numpy as np
import pytest
from label_outputs import ACCURACY, classes, declared, measured, metadata

from fmtool.export import parity
from fmtool.export.outputs import Writer
from fmtool.export.parity import LIMITS, Limits

NAMES = declared(("probabilities", "label"), classes(2))
DTYPES = {name: output.dtype for name, output in NAMES.items()}
NOTHING = Limits(tolerance=None, agreement=0.0, score_loss=None)


def judged(compared, limits, *, found, reference):
    scores = parity.Scores(ACCURACY, found, reference, is_relative=False)
    return parity.objection(compared, limits, named=NAMES, scores=scores)


def write(folder, first):
    """Outputs for two classes, where the first one has these probabilities."""
    probabilities = np.stack([first, 1 - first], axis=1).astype(np.float32)
    writer = Writer(folder, len(first), DTYPES)
    writer.add({"probabilities": probabilities, "label": probabilities.argmax(axis=1)})
    writer.close()
    return folder


@pytest.fixture
def is_kept(tmp_path):
    """A function from a file's outputs and limits to whether they match those of the run."""

    def judge(limits, *, shift=0.0, others=0, fall=0.0):
        """Probabilities differ by `shift`, labels of `others` samples, the accuracy by `fall`."""
        expected = np.full(1000, 0.5002)
        found = expected + shift
        found[:others] = 0.4998
        folders = write(tmp_path / "run", expected), write(tmp_path / "file", found)
        compared = parity.compare(NAMES, *folders)
        objection = judged(compared, limits, found=0.75 - fall, reference=0.75)
        return objection is None

    return judge


@pytest.mark.parametrize(
    ("quantization", "most"),
    [("none", 0.001), ("float16", 0.02), ("dynamic", None), ("int8", None)],
)
def test_a_probability_may_differ_by_this_much(is_kept, quantization, most):
    limits = LIMITS[quantization]
    assert is_kept(limits, shift=0.4 if most is None else 0.95 * most)
    assert most is None or not is_kept(limits, shift=1.05 * most)


@pytest.mark.parametrize(
    ("quantization", "others"), [("none", 1), ("float16", 10), ("dynamic", 50), ("int8", 50)]
)
def test_this_many_labels_of_a_thousand_may_be_others(is_kept, quantization, others):
    assert is_kept(LIMITS[quantization], others=others)
    assert not is_kept(LIMITS[quantization], others=others + 1)


@pytest.mark.parametrize(
    ("quantization", "most"),
    [("none", None), ("float16", 0.005), ("dynamic", 0.01), ("int8", 0.01)],
)
def test_the_accuracy_may_fall_by_this_much(is_kept, quantization, most):
    limits = LIMITS[quantization]
    assert is_kept(limits, fall=0.5 if most is None else 0.95 * most)
    assert most is None or not is_kept(limits, fall=1.05 * most)
    assert is_kept(limits, fall=-0.2), "a better one is no worse"


def test_a_limit_that_is_met_exactly_is_kept(is_kept):
    assert is_kept(Limits(tolerance=0.25, agreement=0.75, score_loss=0.25), others=250)
    assert is_kept(Limits(tolerance=None, agreement=0.0, score_loss=0.25), fall=0.25)
    assert not is_kept(Limits(tolerance=None, agreement=0.0, score_loss=0.0), fall=0.25)


def test_a_tolerance_that_is_met_exactly_is_kept(tmp_path):
    folders = write(tmp_path / "run", np.array([0.25])), write(tmp_path / "file", np.array([0.0]))
    compared = parity.compare(NAMES, *folders)
    met = Limits(tolerance=0.25, agreement=0.0, score_loss=None)
    assert judged(compared, met, found=1, reference=1) is None
    assert judged(compared, NOTHING, found=0, reference=1) is None


def test_the_accuracy_of_a_file_is_its_share_of_true_labels(tmp_path):
    folder = write(tmp_path / "file", np.array([0.75, 0.75, 0.25, 0.75]))
    score = measured([0, 0, 1, 1], classes(2)).score(folder, metadata(NAMES, 2))
    assert score["accuracy"] == 0.75
    assert score["loss"] == pytest.approx(-(3 * np.log(0.75) + np.log(0.25)) / 4)
