"""How far the answers of a bundle's file may be from those it was made with, on another machine.

Files are compared as `fmtool verify` compares them, from outputs on disk.
"""

import numpy as np
import pytest
from label_outputs import classes, declared

from fmtool.export import verify
from fmtool.export.outputs import Writer

AT_EXPORT = 0.0005
"""The largest difference of a probability that was measured at the export."""


@pytest.fixture
def answer(tmp_path):
    """A function from the outputs of a file to what is said of it."""

    def judge(quantization, *, difference=0.0, others=0, others_at_export=0):
        first = np.full(100, 0.5002)
        expected = np.stack([first, 1 - first], axis=1)
        found = expected + np.array([difference, -difference])
        labels = np.zeros(100, np.int32)
        labels[:others] = 1
        named = declared(("probabilities", "label"), classes(2))
        writer = Writer(tmp_path, 100, {"probabilities": "float32", "label": "int32"})
        writer.add({"probabilities": found.astype(np.float64), "label": labels})
        writer.close()
        parity = {
            "samples": 1000,
            "agreeing": 1000 - others_at_export,
            "differences": {"probabilities": {"max": AT_EXPORT, "mean": 0.0}},
        }
        row = {"path": "onnx/model.onnx", "quantization": quantization, "parity": parity}
        known = {"probabilities": expected, "label": np.zeros(100, np.int32)}
        return verify._compared(row, named, parity, known, tmp_path).status

    return judge


@pytest.mark.parametrize(
    ("quantization", "slack"),
    [("none", 0.001), ("float16", 0.02), ("dynamic", 0.05), ("int8", 0.05)],
)
def test_a_probability_may_differ_by_this_much_more_than_at_the_export(answer, quantization, slack):
    assert answer(quantization, difference=AT_EXPORT + 0.95 * slack) == "matches"
    assert answer(quantization, difference=AT_EXPORT + 1.05 * slack) == "differs"
    assert answer(quantization, difference=float("nan")) == "differs"


@pytest.mark.parametrize(
    ("quantization", "at_export", "most"),
    [("none", 0, 0), ("none", 3, 3), ("int8", 0, 1), ("int8", 3, 4)],
)
def test_as_many_labels_may_be_others_as_at_the_export_and_one_of_a_quantized_file(
    answer, quantization, at_export, most
):
    assert answer(quantization, others=most, others_at_export=at_export) == "matches"
    assert answer(quantization, others=most + 1, others_at_export=at_export) == "differs"
