"""The keys for the form of a table: delimiter, header, quotes and encoding."""

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator

from fmtool.config.base import Config

Delimiter = Literal["auto", "comma", "semicolon", "tab", "pipe"]
"""`auto`: a tab in a .tsv file, else what the header line tells."""
Decimal = Literal["point", "comma"]
"""The sign before the fraction of a number."""


class Style(NamedTuple):
    """The form of a CSV or TSV file.

    Args:
        has_quotes: whether `"` encloses fields, or is a character like any other.
        encoding: one for which `text_lines.is_line_encoding` is true.
        has_header: whether the first line names the columns; None for yes, where it does not look
            like the rows below.
        decimal: the sign in cells that are read as numbers.
    """

    delimiter: Delimiter = "auto"
    has_quotes: bool = True
    encoding: str = "utf-8"
    has_header: bool | None = None
    decimal: Decimal = "point"

    def number(self, cell: str) -> str:
        """The cell with a decimal point."""
        return cell.replace(",", ".", 1) if self.decimal == "comma" else cell


def _for_lines(name: str) -> str:
    from fmtool.data.reading.text_lines import is_line_encoding

    if not is_line_encoding(name):
        raise ValueError(f"'{name}' is not an encoding that is read; save the file as utf-8")
    return name


class TableConfig(Config):
    delimiter: Delimiter
    header: bool | None
    quotes: bool
    encoding: Annotated[str, AfterValidator(_for_lines)]

    @property
    def style(self) -> Style:
        return Style(self.delimiter, self.quotes, self.encoding, self.header)


class NumberTableConfig(TableConfig):
    decimal: Decimal

    @property
    def style(self) -> Style:
        return super().style._replace(decimal=self.decimal)
