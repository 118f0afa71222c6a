"""Checks that the classes of a user's own data set are enough to learn."""

from collections.abc import Sequence

from fmtool.data.reading.problems import Report
from fmtool.errors import DataError


def require_two_classes(
    names: Sequence[str], place: object, report: Report, *, fix: str, none: str = "0 classes"
) -> None:
    """Reports that there are not two classes among what is to be trained on.

    Args:
        place: the file or folder.
        none: what is said where there is not even one.
    """
    if len(names) < 2:
        found = f"1 class, '{names[0]}'" if names else none
        report(DataError(f"{place}: {found} in train; need 2 classes", fix=fix))
