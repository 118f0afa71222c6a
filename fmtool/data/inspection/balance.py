"""Findings on classes of samples, and on repeated ones, whatever the samples are."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from fmtool.data.inspection.findings import Findings, Problems, Sample
from fmtool.data.splitting.selection import held_out_for_test
from fmtool.data.splitting.split_names import SPLITS

FEW = 20
"""Samples of a class, or with a number: a tenth of them is what validates it."""
_UNBALANCED = 5
_SHOWN = 3
"""Classes that a line names."""
_OF_CLASSES = (
    "across_classes", "duplicates in another class", "keep each in the right class",
)  # fmt: skip
_OF_NUMBERS = (
    "across_classes", "duplicates with other numbers", "keep the right ones",
)  # fmt: skip
_OF_ALL = (
    ("across_splits", "duplicates in another split", "remove them from train"),
    ("groups", "duplicates", "keep one of each"),
)


def report_of_classes(findings: Findings) -> dict[str, Any]:
    """The samples of each class and how unequal they are, in JSON types."""
    classes = classes_of(findings)
    return {"classes": classes, "imbalance": imbalance_of(classes)}


def classes_of(findings: Findings) -> list[dict[str, Any]]:
    """The samples of each class that can be used, in all and by split."""
    of_splits = {split: findings.of_split(split) for split in SPLITS}
    counts = {
        split: findings.target.counts(findings.rows_of(samples))
        for split, samples in of_splits.items()
        if samples
    }
    classes = []
    for place, name in enumerate(findings.target.names):
        by_split = {split: of_split[place] for split, of_split in counts.items()}
        classes.append({"name": name, "samples": sum(by_split.values()), "splits": by_split})
    return classes


def imbalance_of(classes: Sequence[dict[str, Any]]) -> float | None:
    """The largest class by the smallest that is not empty."""
    counts = [each["samples"] for each in classes if each["samples"]]
    return max(counts) / min(counts) if counts else None


def groups_of_classes(findings: Findings) -> dict[str, list[int]]:
    """The places of the samples of each class that has some."""
    y = findings.rows_of(findings.samples)
    has = y[:, np.newaxis] == np.arange(len(findings.target.names)) if y.ndim == 1 else y != 0
    found = {
        name: np.flatnonzero(has[:, place]).tolist()
        for place, name in enumerate(findings.target.names)
    }
    return {name: places for name, places in found.items() if places}


def duplicates_of(samples: Sequence[Sample]) -> dict[str, Any]:
    """Samples that are equal, in groups, and those of the groups that span splits or classes."""
    by_digest: dict[bytes, list[Sample]] = {}
    for sample in samples:
        by_digest.setdefault(sample.digest, []).append(sample)
    groups = [group for group in by_digest.values() if len(group) > 1]
    return {
        "repeated": sum(len(group) - 1 for group in groups),
        "across_splits": _places(g for g in groups if len({each.split for each in g}) > 1),
        "across_classes": _places(g for g in groups if len({each.row for each in g}) > 1),
        "groups": _places(groups),
    }


def _places(groups: Iterable[Sequence[Sample]]) -> list[list[str]]:
    return [[each.place for each in group] for group in groups]


def warn_of_classes(findings: Findings, problems: Problems) -> None:
    """Classes with few samples, and many more of one than of another."""
    classes = classes_of(findings)
    _warn_of_few([each for each in classes if each["samples"] < FEW], problems)
    for each in classes:
        if each["samples"] == len(findings.samples) >= FEW and len(classes) > 1:
            problems.warn(
                f"class '{each['name']}': all samples have it",
                "leave it out, or add samples without it: there is nothing to tell apart",
            )
    ratio = imbalance_of(classes)
    if ratio is not None and ratio >= _UNBALANCED:
        problems.warn(
            f"the largest class has {ratio:.1f} times as many samples as the smallest",
            "task.class_weights=balanced makes up for it; look at f1_macro beside the accuracy",
        )


def _warn_of_few(few: Sequence[dict[str, Any]], problems: Problems) -> None:
    """One line on the classes with few samples."""
    if not few:
        return
    fix = f"add some: below {FEW} little can be learnt or measured"
    if len(few) == 1:
        count = few[0]["samples"]
        problems.warn(f"class '{few[0]['name']}': {count} samples that can be used", fix)
        return
    shown = [f"'{each['name']}' ({each['samples']})" for each in few[:_SHOWN]]
    more = f" and {len(few) - _SHOWN} more" if len(few) > _SHOWN else ""
    problems.warn(
        f"{len(few)} classes have fewer than {FEW} samples: {', '.join(shown)}{more}", fix
    )


def warn_of_duplicates(findings: Findings, duplicates: dict[str, Any], problems: Problems) -> None:
    has_numbers = findings.target.kind == "numbers"
    for key, what, fix in (_OF_NUMBERS if has_numbers else _OF_CLASSES, *_OF_ALL):
        groups = duplicates[key]
        if groups:
            # The figure that stands beside `duplicates` in the table of facts.
            count = duplicates["repeated"] if key == "groups" else len(groups)
            message = f"{what}: {count:,}, such as {groups[0][0]} and {groups[0][1]}"
            problems.warn(message, fix)


def classes_without_training(findings: Findings, *, test_fraction: float) -> tuple[str, ...]:
    """Those of which nothing would be left to train on once the test split is drawn."""
    target = findings.target
    y = findings.rows_of(findings.of_split("train"))
    if not findings.of_split("test"):
        rows = held_out_for_test(
            target.strata(y), strata_count=target.strata_count, fraction=test_fraction
        )
        y = np.delete(y, rows, axis=0)
    return target.missing(y)
