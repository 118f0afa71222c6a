"""The kinds of targets, as data declare and tasks name them."""

from typing import Literal

TargetKind = Literal["label", "labels", "numbers"]

KINDS: tuple[TargetKind, ...] = ("label", "labels", "numbers")

WHAT: dict[TargetKind, str] = {
    "label": "one class for each sample",
    "labels": "any number of classes for each sample",
    "numbers": "numbers for each sample",
}
"""The targets of a kind, for messages."""
