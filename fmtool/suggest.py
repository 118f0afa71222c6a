"""The closest known names to a mistyped one, for the fix part of an error."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """`did you mean 'cnn'?`, or the known names, then `otherwise`."""
    candidates = sorted(set(known))
    close = get_close_matches(word, candidates, n=3, cutoff=0.6)
    if close:
        return f"did you mean '{max(close, key=lambda name: _likeness(word, name))}'?"
    listed = f"one of {', '.join(candidates)}" if candidates else ""
    return "; ".join(part for part in (listed, otherwise) if part)


def _likeness(word: str, name: str) -> tuple[float, bool]:
    """The order of suggestions: by similarity, then the same first letter as what was typed."""
    return SequenceMatcher(None, name, word).ratio(), name[:1] == word[:1]
