"""Durations as people type them."""

import re

EXAMPLES = "90, 30s, 10m or 2h"

_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST_SECONDS = 366 * 24 * 3600


def seconds_of(text: str) -> float:
    """ValueError for what is no duration between 0 and a year."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh]?)", text)
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError(
            f"{text} is no duration between 0 and a year; "
            f"give seconds, or a number with s, m or h, as in {EXAMPLES}"
        )
    return seconds
