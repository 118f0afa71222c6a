"""InspectDefaults and sets at the very bound of what can be used."""

from pathlib import Path

import numpy as np
import pytest

from fmtool.data.reading.labelled_text import LabelledText
from fmtool.data.splitting.selection import select
from fmtool.data.splitting.text_splits import to_text_splits
from fmtool.errors import DataError, UsageError


def test_a_validation_of_all_samples_is_refused_however_many_there_are():
    labels = np.arange(400, dtype=np.int32) % 2
    words = {"strata_count": 2, "fraction": 1.0, "limit": None, "seed": 0}
    assert len(select(labels, validation_fraction=0.998, **words).train) == 1
    with pytest.raises(UsageError, match="of 400 samples leaves none to train on"):
        select(labels, validation_fraction=0.999, **words)


@pytest.mark.parametrize(
    ("classes", "texts", "is_refused"),
    [(20, 20, False), (21, 21, True), (21, 41, True), (21, 42, False)],
)
def test_labels_are_classes_up_to_twenty_or_to_half_of_the_texts(
    option, classes, texts, is_refused
):
    rows = [
        LabelledText(f"text {line}", f"class {line % classes}", split, Path("t.csv"), line)
        for split in ("train", "test")
        for line in range(texts)
    ]
    cfg = option("text", path="t.csv")
    if is_refused:
        with pytest.raises(DataError, match=f"{classes} different labels in {texts} training"):
            to_text_splits(cfg, rows, origin="t.csv")
    else:
        assert len(to_text_splits(cfg, rows, origin="t.csv").class_names) == classes
