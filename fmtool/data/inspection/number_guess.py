"""Guesses which columns of a table are numbers to learn from, and which is learnt."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fmtool.class_names import is_number
from fmtool.data.inspection.columns import DECIMAL_COMMA, USUAL_TEXT_NAMES
from fmtool.data.reading.number_columns import USUAL_LABELS, USUAL_SPLIT
from fmtool.data.reading.number_rows import is_gap
from fmtool.targets import TargetKind

_FEW_WORDS, _MANY_WORDS = 3, 8
"""Words of a cell, on average, from which on a column holds texts, be there numbers or not."""
_MOST_CLASSES = 20
"""Different whole numbers up to which they are taken for classes."""
_COUNTED = 1000
"""Different cells of a column that are told apart."""
_OFTEN_LABELS = ("y", "outcome", "diagnosis", "species", "survived", "churn")
"""Names of columns that are learnt more often than not, in lower case."""
_ROW_NAMES = ("", "id", "index", "row", "no", "nr", "number", "unnamed: 0", "rownames")
"""Names of columns that number the rows, in lower case."""


@dataclass
class ColumnFacts:
    """Counts of what is in the cells of a column."""

    name: str
    cells: int = 0
    gaps: int = 0
    numbers: int = 0
    whole: int = 0
    words: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    has_commas: bool = False
    _last: float | None = None
    _steps_by_one: bool = True

    def add(self, cell: str) -> None:
        cell = cell.strip()
        if DECIMAL_COMMA.fullmatch(cell):
            cell, self.has_commas = cell.replace(",", "."), True
        self.cells += 1
        if len(self.counts) <= _COUNTED or cell in self.counts:
            self.counts[cell] += 1
        if not is_number(cell):
            self._steps_by_one = False
            self.gaps += is_gap(cell)
            self.words += len(cell.split())
            return
        value = float(cell)
        # What begins with a year is no count of rows.
        self._steps_by_one &= value in (0, 1) if self._last is None else value == self._last + 1
        self._last = value
        self.numbers += 1
        self.whole += value % 1 == 0

    @property
    def are_numbers(self) -> bool:
        """True where all cells that hold something hold a number."""
        return self.numbers > 0 and self.numbers + self.gaps == self.cells

    def is_prose(self, *, beside_numbers: bool) -> bool:
        """True where the column holds texts; names and titles beside numbers are none."""
        if self.are_numbers or not self.cells:
            return False
        fewest = _MANY_WORDS if beside_numbers else _FEW_WORDS
        return self.name.casefold() in USUAL_TEXT_NAMES or self.words >= fewest * self.cells

    @property
    def numbers_rows(self) -> bool:
        """True where the cells do nothing but tell rows apart."""
        if self.whole < self.cells or self.cells < 3:
            return False
        are_different = len(self.counts) == min(self.cells, _COUNTED + 1)
        return self._steps_by_one or (are_different and self.name.casefold() in _ROW_NAMES)

    @property
    def repeats(self) -> bool:
        """True where the cells may be classes: several, each of them more than once."""
        return 1 < len(self.counts) <= min(_COUNTED, max(2, self.cells // 2))


class NumberGuess(NamedTuple):
    """The column that is learnt, and what the others are.

    Args:
        reason: the way in which the column was chosen, for a message; None where its name says it.
    """

    label: str
    kind: TargetKind
    numbers: tuple[str, ...]
    with_gaps: tuple[ColumnFacts, ...]
    of_words: tuple[str, ...]
    of_rows: tuple[str, ...]
    reason: str | None

    @property
    def ignored(self) -> list[str]:
        """The columns that cannot be learnt from as they are."""
        return [*self.of_rows, *self.of_words, *(each.name for each in self.with_gaps)]


def facts_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[ColumnFacts]:
    """The facts of each column, the rows looked at once."""
    facts = [ColumnFacts(name) for name in columns]
    for row in rows:
        for each, cell in zip(facts, row, strict=True):
            each.add(cell)
    return facts


def guess_numbers(
    facts: Sequence[ColumnFacts],
    *,
    has_header: bool = True,
    label: str | None = None,
    ignored: Sequence[str] = (),
) -> NumberGuess | None:
    """The columns of a table of numbers; None for a table of something else.

    Args:
        has_header: whether the columns have names of their own.
        label: the column that is learnt, if it is known.
        ignored: columns that are not read.
    """
    others = [
        each for each in facts if each.name.casefold() != USUAL_SPLIT and each.name not in ignored
    ]
    chosen, reason = _label(others, label, has_header=has_header)
    if chosen is None:
        return None
    features = [each for each in others if each is not chosen]
    rows = [each for each in features if each.numbers_rows]
    numbers = [each for each in features if each.are_numbers and each not in rows]
    whole = [each for each in numbers if not each.gaps]
    if not numbers or any(each.is_prose(beside_numbers=len(numbers) > 1) for each in facts):
        return None
    # Where all have gaps there is nothing else to learn from: they are to be filled in.
    chosen_numbers = whole or numbers
    return NumberGuess(
        label=chosen.name,
        kind=_kind(chosen),
        numbers=tuple(each.name for each in chosen_numbers),
        with_gaps=tuple(each for each in numbers if each not in chosen_numbers),
        of_words=tuple(each.name for each in features if not each.are_numbers),
        of_rows=tuple(each.name for each in rows),
        reason=reason,
    )


def _label(
    facts: Sequence[ColumnFacts], named: str | None, *, has_header: bool
) -> tuple[ColumnFacts | None, str | None]:
    """The column that is learnt, and why; None where there is none."""
    for each in facts:
        if each.name == named:
            return each, None
    for names in (USUAL_LABELS, _OFTEN_LABELS):
        usual = [each for each in facts if each.name.casefold() in names]
        if len(usual) == 1:
            return usual[0], None if names is USUAL_LABELS else "called so"
    of_words = [each for each in facts if not each.are_numbers]
    if not has_header and len(of_words) == 1 and of_words[0].repeats:
        return of_words[0], "the only one without numbers"
    for each in reversed(facts):
        is_learnable = each.are_numbers and len(each.counts) > 1
        if (is_learnable or each.repeats) and not each.numbers_rows:
            return each, "the last one"
    return None, None


def _kind(label: ColumnFacts) -> TargetKind:
    if not label.are_numbers:
        return "label"
    if label.whole < label.numbers:
        return "numbers"
    is_named = label.name.casefold() in USUAL_LABELS[:-1]
    return "label" if is_named or len(label.counts) <= _MOST_CLASSES else "numbers"
