"""The column of an input for each number of the model, and what is taken off it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmtool.data.reading.features import Origins
from fmtool.data.reading.text_lines import LineError
from fmtool.notices import note, warn

_SHOWN = 10
"""Names in a line."""


@dataclass(frozen=True)
class NumberColumns:
    """The numbers that a model reads, or the channels of its series.

    Args:
        names: in order; None where the training had none.
        origins: what is taken off each before the cast to float32; None for nothing.
    """

    width: int
    names: tuple[str, ...] | None = None
    origins: Origins | None = None

    def places(self, found: Sequence[str], path: Path) -> list[int]:
        """The place in `found`, the names in an input, of each number that the model reads.

        Columns are ordered by their names where both have names; what is extra is named in a
        notice. Without, they are taken by place, and a line says so if the input has names.

        Raises LineError for columns that are missing, and for a wrong number without names.
        """
        is_counted = list(found) == [str(place) for place in range(len(found))]
        if self.names is None or (is_counted and not set(self.names) <= set(found)):
            return self._by_place(found, path, is_counted=is_counted)
        missing = [name for name in self.names if name not in found]
        if missing:
            what = f"the model reads {_listed(self.names)}; missing are {_listed(missing)}"
            fix = "add these columns, or write data.header=false to take all by place"
            raise LineError(path, 1, what, fix=fix)
        extra = [name for name in found if name not in self.names]
        if extra:
            note(f"{path}: the model does not read {_listed(extra)}")
        return [found.index(name) for name in self.names]

    def _by_place(self, found: Sequence[str], path: Path, *, is_counted: bool) -> list[int]:
        if len(found) != self.width:
            raise LineError(
                path,
                1,
                f"{len(found)} columns, the model reads {self.width} numbers",
                fix="give it a column for each, in the order of the training, and no others",
            )
        if not is_counted:
            warn(
                f"{path}: columns are taken by their places, since the model has no names of "
                "columns: see data.columns of data=arrays"
            )
        return list(range(self.width))

    def number(self, cell: str, place: int) -> np.float32 | None:
        """The number in a cell of the model's column `place`, as the model reads it.

        None for what is not a number, NaN, infinite, or too large for float32.
        """
        try:
            with np.errstate(over="ignore"):
                if not np.isfinite(np.float32(float(cell))):
                    return None
                if self.origins is not None:
                    return self.origins.of_cell(cell, place)
                return np.float32(float(cell))
        except (ValueError, OverflowError):
            return None


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
