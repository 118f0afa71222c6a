"""The one way of tables and styled text to a terminal: what others wrote goes in as plain text.

A file name, a class, a label of a model from elsewhere may hold escape sequences, marks that turn
the direction of writing, or markup of rich. Each string that becomes a cell, a heading or a line
here is made `printable`, and none is read as markup.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text

from fmtool.notices import printable

__all__ = [
    "Column",
    "Console",
    "Group",
    "RenderableType",
    "Table",
    "Text",
    "console",
    "line",
    "lines",
    "table",
]


@dataclass(frozen=True)
class Column:
    """A heading and how its cells stand.

    Args:
        is_number: aligned to the right.
        is_folded: rather than cut where the terminal is narrow.
        is_whole: never broken into lines.
    """

    heading: str
    is_number: bool = False
    style: str = ""
    is_folded: bool = False
    is_whole: bool = False


class Table(RichTable):
    """A table of rich whose strings are data."""

    def add_row(
        self,
        *renderables: RenderableType | None,
        style: str | Style | None = None,
        end_section: bool = False,
    ) -> None:
        cells = (line(each) if isinstance(each, str) else each for each in renderables)
        super().add_row(*cells, style=style, end_section=end_section)


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
    )
    for each in columns:
        column = Column(each) if isinstance(each, str) else each
        made.add_column(
            line(column.heading),
            justify="right" if column.is_number else "left",
            style=column.style,
            overflow="fold" if column.is_folded else "ellipsis",
            no_wrap=column.is_whole,
        )
    return made


def line(value: str, style: str = "") -> Text:
    """`value` on one line."""
    return Text(printable(value), style=style)


def lines(values: Iterable[str], style: str = "") -> Text:
    """One below the other; a line end within one of them is escaped."""
    return Text("\n".join(map(printable, values)), style=style)


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
