"""The one way of tables and styled text to a terminal: what others wrote goes in as plain text.

A file name, a class, a label of a model from elsewhere may hold escape sequences, marks that turn
the direction of writing, or markup of rich. Each string that becomes a cell, a heading or a line
here is made `printable`, and none is read as markup.

No word is broken: a table that is too wide for the terminal leaves columns out, those first that
say the least, and what is wider still is left to the terminal.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TextIO

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from fmtool.notices import printable

__all__ = [
    "Column",
    "Console",
    "Either",
    "Group",
    "RenderableType",
    "Table",
    "Text",
    "command",
    "console",
    "line",
    "lines",
    "show",
    "table",
]

UNLIMITED = 10_000
"""Columns of a file or a pipe."""
_BETWEEN = 2
"""Blanks between two columns."""


@dataclass(frozen=True)
class Column:
    """A heading and how its cells stand.

    Args:
        is_number: aligned to the right.
        is_whole: never broken into lines, not between words either.
        leave_out: where there is no room for all columns, the highest go first; 0 stays.
        at_least: columns of the terminal that prose has before others are left out for it.
    """

    heading: str
    is_number: bool = False
    style: str = ""
    is_whole: bool = False
    leave_out: int = 0
    at_least: int = 0


class Table(RichTable):
    """A table of rich whose strings are data, and which leaves out columns where it is too wide."""

    fits: Sequence[Column] = ()
    """Its columns; none for one that is laid out by rich alone."""

    def add_row(
        self,
        *renderables: RenderableType | None,
        style: str | Style | None = None,
        end_section: bool = False,
    ) -> None:
        cells = (line(each) if isinstance(each, str) else each for each in renderables)
        super().add_row(*cells, style=style, end_section=end_section)

    def width_in(self, console: Console, room: int) -> int:
        """Columns of the terminal that it takes, more than `room` where no more can be left out."""
        _, widths = self._fitted(console, room)
        return sum(widths) + self._frame(len(widths))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        if not self.fits:
            return super().__rich_measure__(console, options)
        width = self.width_in(console, options.max_width)
        return Measurement(width, width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.fits:
            yield from super().__rich_console__(console, options)
            return
        places, widths = self._fitted(console, options.max_width)
        made = copy(self)
        made.title = made.caption = None
        made.columns = [
            replace(self.columns[place], _index=index, width=width)
            for index, (place, width) in enumerate(zip(places, widths, strict=True))
        ]
        if self.title:
            yield self.title
        room = options.update_width(sum(widths) + self._frame(len(widths)))
        yield from RichTable.__rich_console__(made, console, room)
        if missing := self._missing(places):
            yield line(f"left out: {', '.join(missing)}; --wide shows all", "dim")
        if self.caption:
            yield self.caption

    def _fitted(self, console: Console, room: int) -> tuple[list[int], list[int]]:
        """The places of the columns that are shown, and their widths."""
        ranges = [self._range(console, place) for place in range(len(self.fits))]
        places = list(range(len(self.fits)))
        while self._needed(ranges, places) > room:
            spare = [place for place in places if self.fits[place].leave_out]
            if not spare:
                break
            places.remove(max(spare, key=self._leave_out_first))
        widths = {place: ranges[place].minimum for place in places}
        left = max(0, room - self._needed(ranges, places))
        for place in sorted(places, key=lambda each: ranges[each].span):
            more = min(ranges[place].span, left)
            widths[place] += more
            left -= more
        return places, [widths[place] for place in places]

    def _leave_out_first(self, place: int) -> tuple[bool, int, int]:
        """The larger, the sooner a column goes: those that are empty before all others."""
        return self._is_empty(place), self.fits[place].leave_out, place

    def _is_empty(self, place: int) -> bool:
        return not any(map(str, self.columns[place].cells))

    def _missing(self, places: Sequence[int]) -> list[str]:
        """Headings of the columns that are left out although they say something."""
        return [
            printable(each.heading)
            for place, each in enumerate(self.fits)
            if place not in places and not self._is_empty(place)
        ]

    def _needed(self, ranges: Sequence[Measurement], places: Sequence[int]) -> int:
        return sum(ranges[place].minimum for place in places) + self._frame(len(places))

    def _frame(self, columns: int) -> int:
        """Blanks around so many columns."""
        return _BETWEEN * (columns - 1) + (_BETWEEN + 1 if self.show_edge else 0)

    def _range(self, console: Console, place: int) -> Measurement:
        """The width of a column where it is broken at each word, and where it is not broken."""
        column = self.columns[place]
        options = console.options.update_width(UNLIMITED)
        cells = [Measurement.get(console, options, each) for each in column.cells]
        if self.fits[place].is_whole:
            cells = [Measurement(each.maximum, each.maximum) for each in cells]
        if self.show_header:
            cells.append(Measurement.get(console, options, column.header))
        maximum = max((each.maximum for each in cells), default=0)
        minimum = max((each.minimum for each in cells), default=0)
        return Measurement(max(minimum, min(self.fits[place].at_least, maximum)), maximum)


@dataclass(frozen=True)
class Either:
    """A table where there is room for all of it, and something else where there is not."""

    wide: Table
    narrow: RenderableType

    def chosen(self, console: Console) -> RenderableType:
        return self.wide if self.wide.width_in(console, UNLIMITED) <= console.width else self.narrow

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.chosen(console)


def table(
    *columns: str | Column,
    title: str = "",
    caption: str = "",
    has_header: bool = True,
    has_edge: bool = True,
) -> Table:
    """An empty table of the look that all of ours have."""
    made = Table(
        title=line(title, "table.title") if title else None,
        title_justify="left",
        caption=line(caption, "table.caption") if caption else None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_header=has_header,
        show_edge=has_edge,
        pad_edge=has_edge,
        padding=(0, _BETWEEN - 1, 0, 0),
    )
    made.fits = [Column(each) if isinstance(each, str) else each for each in columns]
    for column in made.fits:
        made.add_column(
            line(column.heading),
            justify="right" if column.is_number else "left",
            style=column.style,
            overflow="fold",
        )
    return made


def line(value: str, style: str = "") -> Text:
    """`value` on one line."""
    return Text(printable(value), style=style)


def lines(values: Iterable[str], style: str = "") -> Text:
    """One below the other; a line end within one of them is escaped."""
    return Text("\n".join(map(printable, values)), style=style)


def command(value: str, style: str = "") -> Text:
    """`value` as it is to be typed: however long it is, on one line."""
    return Text(printable(value), style=style, no_wrap=True, overflow="ignore")


def show(parts: Iterable[RenderableType], file: TextIO, *, is_wide: bool = False) -> None:
    """Prints below each other, without blanks at the ends of lines.

    Coloured on a terminal unless NO_COLOR is set; into a file or a pipe plain, and nothing is left
    out there.

    Args:
        is_wide: whatever the width of the terminal is.
    """
    is_narrow = file.isatty() and not is_wide
    screen = console(file, width=None if is_narrow else UNLIMITED)
    with screen.capture() as capture:
        for part in _single(parts, screen):
            if not isinstance(part, Text):
                screen.print(part, crop=False)
                continue
            for each in _broken(part, screen):
                screen.print(each, crop=False, no_wrap=True, overflow="ignore")
    file.write(_TRAILING.sub(_without_blanks, capture.get()))
    file.flush()


def _single(parts: Iterable[RenderableType], screen: Console) -> Iterator[RenderableType]:
    for part in parts:
        if isinstance(part, Group):
            yield from _single(part.renderables, screen)
        elif isinstance(part, Either):
            yield from _single([part.chosen(screen)], screen)
        else:
            yield line(part) if isinstance(part, str) else part


def _broken(text: Text, screen: Console) -> Iterable[Text]:
    """`text` in lines that are as long as the screen is wide, or as one word."""
    if text.no_wrap:
        return [text]
    longest = max((Text(word).cell_len for word in text.plain.split()), default=0)
    return text.wrap(screen, max(screen.width, longest))


_TRAILING = re.compile(r"(?: |\x1b\[[0-9;]*m)+$", re.MULTILINE)


def _without_blanks(found: re.Match[str]) -> str:
    return found[0].replace(" ", "")


def console(file: TextIO, *, width: int | None = None, is_plain: bool = False) -> Console:
    """One that reads no markup.

    Args:
        width: in columns; that of the terminal by default.
        is_plain: without colours, whatever `file` is.
    """
    return ResultConsole(
        file=file,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        color_system=None if is_plain else "auto",
        force_terminal=False if is_plain else None,
    )


class ResultConsole(Console):
    """Leaves a reader that is gone to the caller, where rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
