"""Makes one line of problems that differ in nothing but a file, a name or a number."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fmtool.data.inspection.findings import Problem

_VARIABLE = re.compile(r"'[^']*'|\d[\d.,]*")


def merged(found: Sequence[Problem], root: Path) -> list[dict[str, Any]]:
    """The problems in JSON types, those that stop a training first; `others` are like a message.

    Args:
        root: of the data; paths below it are no difference.
    """
    groups: dict[tuple[str, str, bool], list[Problem]] = {}
    for each in sorted(found, key=lambda problem: not problem.stops_training):
        key = (_form(each.message, root), _form(each.fix, root), each.stops_training)
        groups.setdefault(key, []).append(each)
    return [
        {
            **first._asdict(),
            "message": first.message + (f" (and {len(others)} like it)" if others else ""),
            "count": 1 + len(others),
            "others": [other.message for other in others],
        }
        for first, *others in groups.values()
    ]


def _form(text: str, root: Path) -> str:
    """The text without what may differ."""
    head, separator, tail = text.partition(": ")
    if separator and (head.startswith(str(root)) or "/" in head):
        text = tail
    return _VARIABLE.sub("#", re.sub(rf"\S*{re.escape(f'{root}/')}\S*", "#", text))
