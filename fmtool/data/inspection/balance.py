"""What can be said of the classes and of repeated samples, whatever the samples are."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fmtool.data.inspection.findings import Findings, Problems, Sample
from fmtool.data.splitting.selection import held_out_for_test
from fmtool.data.splitting.split_names import SPLITS

_FEW = 20
"""Samples of a class: a tenth of them is what validates it."""
_UNBALANCED = 5
_REPETITIONS = (
    ("across_classes", "samples that another class has too", "keep each in the right class"),
    ("across_splits", "samples that another split has too", "remove them from train"),
    ("groups", "samples that are there more than once", "keep one of each"),
)


def classes_of(findings: Findings) -> list[dict[str, Any]]:
    """The samples of each class that can be used, in all and by split."""
    counts = Counter((sample.class_name, sample.split) for sample in findings.samples)
    present = [split for split in SPLITS if any(each == split for _, each in counts)]
    classes = []
    for name in findings.class_names:
        by_split = {split: counts[name, split] for split in present}
        classes.append({"name": name, "samples": sum(by_split.values()), "splits": by_split})
    return classes


def imbalance_of(classes: Sequence[dict[str, Any]]) -> float | None:
    """The largest class by the smallest that is not empty."""
    counts = [each["samples"] for each in classes if each["samples"]]
    return max(counts) / min(counts) if counts else None


def duplicates_of(samples: Sequence[Sample]) -> dict[str, Any]:
    """Samples that are equal, in groups, and those of the groups that span splits or classes."""
    by_digest: dict[bytes, list[Sample]] = {}
    for sample in samples:
        by_digest.setdefault(sample.digest, []).append(sample)
    groups = [group for group in by_digest.values() if len(group) > 1]
    return {
        "repeated": sum(len(group) - 1 for group in groups),
        "across_splits": _places(g for g in groups if len({each.split for each in g}) > 1),
        "across_classes": _places(g for g in groups if len({each.class_name for each in g}) > 1),
        "groups": _places(groups),
    }


def _places(groups: Iterable[Sequence[Sample]]) -> list[list[str]]:
    return [[each.place for each in group] for group in groups]


def warn_of_classes(findings: Findings, problems: Problems) -> None:
    """Classes with few samples, and many more of one than of another."""
    classes = classes_of(findings)
    for each in classes:
        if each["samples"] < _FEW:
            message = f"class '{each['name']}': {each['samples']} samples that can be used"
            problems.warn(message, f"add some: below {_FEW} little can be learnt or measured")
    ratio = imbalance_of(classes)
    if ratio is not None and ratio >= _UNBALANCED:
        problems.warn(
            f"the largest class has {ratio:.1f} times as many samples as the smallest",
            "add samples, and look at f1_macro beside the accuracy",
        )


def warn_of_duplicates(duplicates: dict[str, Any], problems: Problems) -> None:
    for key, what, fix in _REPETITIONS:
        groups = duplicates[key]
        if groups:
            message = f"{what}: {len(groups)}, such as {groups[0][0]} and {groups[0][1]}"
            problems.warn(message, fix)


def classes_without_training(findings: Findings, *, test_fraction: float) -> list[str]:
    """Those of which nothing would be left to train on once the test split is drawn."""
    names = list(findings.class_names)
    labels = [names.index(each.class_name) for each in findings.samples if each.split == "train"]
    y = np.array(labels, np.int32)
    if not any(each.split == "test" for each in findings.samples):
        y = np.delete(y, held_out_for_test(y, strata_count=len(names), fraction=test_fraction))
    return [name for label, name in enumerate(names) if label not in y]
