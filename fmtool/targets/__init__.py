"""Targets that a model learns for a sample: one class of several, some of several, or numbers.

The data declare a target, a task says which kinds it learns. A target knows the arrays it is made
of, what is wrong with them, how samples are spread evenly over splits, and how it is written into
manifests, digests and exported files. All targets have the same methods:

    target = Labels(("cat", "dog"))
    y = target.encoded([("cat",), ("cat", "dog"), ()])    # what tables say: uint8 (3, 2)
    y = target.converted(values, split="train")           # what arrays hold, checked
    target.missing(y)                                     # () where each class has a sample
    target.strata(y), target.content(y)                   # for splits, for digests
"""

from collections.abc import Mapping
from typing import Any

from fmtool.errors import DataError
from fmtool.targets.kinds import KINDS, WHAT, TargetKind
from fmtool.targets.label import Label
from fmtool.targets.labels import Labels
from fmtool.targets.numbers import Numbers

__all__ = ["KINDS", "WHAT", "Label", "Labels", "Numbers", "Target", "TargetKind", "from_json"]

Target = Label | Labels | Numbers


def from_json(document: Mapping[str, Any]) -> Target:
    """The target that `to_json` has written. Raises DataError for what is none."""
    try:
        kind, names = document["kind"], tuple(map(str, document["names"]))
        if kind == "numbers":
            return Numbers(names, tuple(map(int, document["shape"])))
        many: Mapping[Any, type[Label | Labels]] = {"label": Label, "labels": Labels}
        return many[kind](names)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{document!r} is not a target", fix="restore the file") from error
