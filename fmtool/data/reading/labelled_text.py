"""A labelled text, and what can be wrong with it."""

from pathlib import Path
from typing import NamedTuple

from fmtool.data.reading.problems import Report
from fmtool.data.reading.target_columns import Value, classes_in
from fmtool.data.reading.text_lines import MAX_CHARACTERS, LineError


class LabelledText(NamedTuple):
    """One sample and where it stands.

    Args:
        split: `train`, `validation` or `test`; `train` where nothing is said.
        line: where it begins in `path`.
    """

    text: str
    label: Value
    split: str
    path: Path
    line: int


def is_sound(found: LabelledText, report: Report) -> bool:
    """True for a text that can be learned from; what is wrong with text or label is reported."""
    what = _fault(found)
    if what is None:
        return True
    report(LineError(found.path, found.line, what[0], fix=what[1]))
    return False


def _fault(found: LabelledText) -> tuple[str, str] | None:
    """The fault of a text or its label, and the fix; None where there is none."""
    of_text = fault_of(found.text)
    if of_text is not None:
        return of_text
    if found.label == "":
        return "no label", "give it one, or remove it"
    for name in classes_in(found.label):
        if not name.isprintable():
            return f"label {name!r} is not printable", "rename the class"
    return None


def fault_of(text: str) -> tuple[str, str] | None:
    """The fault of a text, and the fix; None where there is none."""
    if not text.strip():
        return "an empty text", "remove it"
    if len(text) > MAX_CHARACTERS:
        return f"a text of {len(text):,} characters", f"at most {MAX_CHARACTERS:,}"
    if not _is_unicode(text):
        return "half of a surrogate pair", "write the file again"
    return None


def _is_unicode(text: str) -> bool:
    # JSON can escape what no Unicode text has.
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
