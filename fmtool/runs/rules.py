"""The integer that says how the bytes of a data set become samples, classes and digests.

It goes up when a release reads the same files in another way: another background behind
transparency, another order of classes, another digest. Digests that are equal prove that the data
are the same under any rules; digests that differ prove something only under equal rules.
"""

from collections.abc import Mapping
from typing import Any

CURRENT = 2
"""1: fmtool 0.1.0 up to November 2026, whose manifests do not name it.
2: transparency on a background, 16 bits by their range, numbers by value in every order of
classes, float64 origins, digests of the values as given. Since then, too, `loss` is without the
penalty, and the statistics of batch normalization are freed of their start."""

KEY = "rules"
"""The entry of the manifest."""


def rules_of(manifest: Mapping[str, Any]) -> int:
    """The rules that a run was read by, from its manifest."""
    found = manifest.get(KEY, 1)
    return found if isinstance(found, int) else 1


def are_current(manifest: Mapping[str, Any]) -> bool:
    """True where digests of a run that differ from today's mean that its data do."""
    return rules_of(manifest) == CURRENT
