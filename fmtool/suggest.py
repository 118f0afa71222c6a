"""The closest known names to a mistyped one, for the fix part of an error."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """`did you mean 'cnn'?`, or the known names, then `otherwise`."""
    candidates = sorted(set(known))
    close = get_close_matches(word, candidates, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    listed = f"one of {', '.join(candidates)}" if candidates else ""
    return "; ".join(part for part in (listed, otherwise) if part)
