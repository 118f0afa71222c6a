"""The place of the target in the rows of a table, and the meaning of its cells."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from fmtool import class_names
from fmtool.config.base import Config
from fmtool.errors import DataError
from fmtool.targets import WHAT, Label, Labels, Numbers, Target, TargetKind

Value = str | tuple[str, ...] | tuple[float, ...]
"""The target in a row: its class, its classes, or its numbers."""

_NOTHING = ("0", "false")
_ALL = ("1", "true")


class TargetColumns(NamedTuple):
    """The kind of target in a table, and the columns beside the one of labels.

    Args:
        names: columns of zeros and ones, or of numbers; empty for the one column of labels.
        separator: between the classes in a cell.
    """

    kind: TargetKind = "label"
    names: tuple[str, ...] = ()
    separator: str = ";"

    def require_label(self, what: str) -> None:
        """Raises DataError where a data set that has one class for each sample is to have more.

        Args:
            what: the place of the data, and what is there.
        """
        if self.kind != "label":
            raise DataError(
                f"{what} give one class for each sample, not {WHAT[self.kind]}",
                fix="name a table by data.path, or set data.target=label data.label_columns=null",
            )

    def value(self, cells: Sequence[str], columns: Sequence[str]) -> Value:
        """The target in the cells of a row; ValueError, `WHAT; FIX`, for cells that hold none.

        A class is as it is written there: its reader says what is wrong with it.

        Args:
            columns: the name of the column of each cell, for messages.
        """
        if self.kind == "label":
            return cells[0]
        if self.kind == "numbers":
            return tuple(map(_number, cells, columns))
        if self.names:
            rows = zip(cells, columns, strict=True)
            return tuple(name for cell, name in rows if _is_one(cell, name))
        found = (class_names.written(part) for part in cells[0].split(self.separator))
        return _classes([name for name in found if name])

    def value_of_json(self, values: Sequence[Any], columns: Sequence[str]) -> Value:
        """As `value`, of the values of a JSON object."""
        if self.kind == "labels" and not self.names:
            if not isinstance(values[0], list):
                raise ValueError(f"'{columns[0]}' is no list; give a list of classes")
            return _classes([class_names.written(_name(each, columns[0])) for each in values[0]])
        if self.kind == "label":
            return _name(values[0], columns[0])
        cells = ["" if value is None else str(value) for value in values]
        return self.value(cells, columns)

    def target(self, values: Iterable[Value], column: str) -> Target:
        """The target of training samples, its classes in the order of `class_names.ordered`.

        Args:
            column: the name of the column of labels.
        """
        if self.kind == "numbers":
            names = self.names or (column,)
            return Numbers(names, (len(names),))
        kinds: dict[str, Callable[[tuple[str, ...]], Target]] = {"label": Label, "labels": Labels}
        found = self.names or class_names.ordered(
            name for value in values for name in classes_in(value)
        )
        return kinds[self.kind](found)


class TargetConfig(Config):
    """The keys of data sets in tables that say what the target is."""

    target: Literal["auto", TargetKind]
    """`auto`: labels where `label_columns` are named or JSON gives lists, else one label."""
    label_columns: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None
    label_separator: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _columns_are_of_several(self) -> "TargetConfig":
        if self.label_columns is None:
            return self
        if len(set(self.label_columns)) < len(self.label_columns):
            raise ValueError("label_columns names a column twice; name each in data.label_columns")
        if self.target == "label":
            raise ValueError(
                "target=label has one column of classes; set data.label_column, or data.target="
                "labels or numbers"
            )
        return self

    def columns_of_target(self, *, has_lists: bool = False) -> TargetColumns:
        """The place of the target, as the keys say.

        Args:
            has_lists: whether labels are lists of JSON.
        """
        names = tuple(self.label_columns or ())
        kind: TargetKind = "labels" if names or has_lists else "label"
        if self.target != "auto":
            kind = self.target
        return TargetColumns(kind, names, self.label_separator)


def require_learnable(target: Target, values: Sequence[Value], origin: object) -> None:
    """Raises DataError where what is to be trained on is not enough to learn the target.

    Args:
        origin: the file, for the message.
    """
    try:
        target.require_learnable(target.encoded(values), split="train")
    except DataError as error:
        raise DataError(f"{origin}: {error.message}", fix=error.fix) from error


def classes_in(value: Value) -> tuple[str, ...]:
    """The names of the classes in a value; none in numbers."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str))


def shown(value: Value) -> str:
    """A value for a message."""
    return value if isinstance(value, str) else ", ".join(map(str, value))


def unknown_in(value: Value, known: Collection[str]) -> str | None:
    """The first class of a value that is not among the known ones."""
    return next((name for name in classes_in(value) if name not in known), None)


def _classes(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if not name.isprintable() or not name:
            raise ValueError(f"label {name!r} is not printable; rename the class")
    return tuple(dict.fromkeys(names))


def _name(value: Any, column: str) -> str:
    if not isinstance(value, str | int | None):
        import json

        text = json.dumps(value)
        short = text if len(text) <= 40 else f"{text[:37]}..."
        raise ValueError(f"'{column}' is {short}; give a name or an integer")
    return "" if value is None else str(value)


def _is_one(cell: str, column: str) -> bool:
    stated = cell.strip().lower()
    if stated not in (*_NOTHING, *_ALL):
        raise ValueError(f"'{cell.strip()[:40]}' in column '{column}'; write 0 or 1")
    return stated in _ALL


def _number(cell: str, column: str) -> float:
    stated = cell.strip()
    value = float(stated) if class_names.is_number(stated) else math.nan
    if not math.isfinite(value):
        what = f"'{stated[:40]}' in column '{column}' is not a finite decimal number"
        raise ValueError(f"{what}; correct it, or leave the row out" if stated else _empty(column))
    return value


def _empty(column: str) -> str:
    return f"no number in column '{column}'; fill it in, or leave the row out"
