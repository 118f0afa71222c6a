"""metrics.jsonl, every row for programs, and history.csv, one line per epoch for people."""

import csv
import io
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fmtool.errors import DataError
from fmtool.logging.rows import EARLIER_NAMES
from fmtool.logging.sink import Row, TrainingInfo
from fmtool.notices import warn
from fmtool.runs.containment import open_to_append

_Position = tuple[int, bool]
"""(step, whether it is an epoch row): rows are written in this order."""


class MetricsLog:
    """Appends every row to `jsonl` and epoch rows to `csv`, complete when a call returns.

    JSON is strict: NaN and infinities become null and are named under `non_finite`. Existing
    files are continued: whatever a killed run wrote past the point where training goes on is cut
    off, so a resumed course reads like one that was never interrupted.

    A write that fails does not stop training: after one warning the rows wait in memory until
    the disk takes them, and `close` tells how many it never took.

    Raises:
        DataError: an existing file has a complete line that is not a row.
    """

    def __init__(self, jsonl: Path, csv: Path) -> None:
        self._jsonl, self._csv = _JsonLines(jsonl), _CsvLines(csv)
        self._has_warned = False

    def start(self, plan: TrainingInfo) -> None:
        """Cuts off what lies past the point where training starts."""
        is_within_epoch = plan.step > plan.epochs_done * plan.steps_per_epoch
        first = (plan.step, True) if is_within_epoch else (plan.step + 1, False)
        for file in (self._jsonl, self._csv):
            file.continue_before(first)
        self._write()

    def step(self, row: Row) -> None:
        self._jsonl.waiting.append(row)
        self._write()

    def epoch(self, row: Row) -> None:
        self._csv.waiting.append(row)
        self.step(row)

    def close(self) -> None:
        self._write()
        missing = [
            f"{len(file.waiting)} of {file.path}"
            for file in (self._jsonl, self._csv)
            if file.waiting
        ]
        if missing:
            warn(f"rows that could not be written: {', '.join(missing)}")

    def _write(self) -> None:
        for file in (self._jsonl, self._csv):
            try:
                file.write_waiting()
            except OSError as error:
                self._warn(file.path, error)

    def _warn(self, path: Path, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            warn(
                f"cannot write {path}: {error.strerror}; "
                "training goes on and its rows wait until they can be written"
            )


class _RowFile(ABC):
    """Rows at the end of a file, and those that could not be written yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waiting: list[Row] = []
        self._end: _Position | None = None
        self._size: int | None = None
        """Bytes of the complete lines before `_end`; None before the rest was cut off."""

    def continue_before(self, position: _Position) -> None:
        """Rows at or after `position` are forgotten, with the next write in the file too."""
        self._end, self._size = position, None
        self.waiting = [row for row in self.waiting if _position(row) < position]

    def write_waiting(self) -> None:
        """Raises OSError, and then no part of a line is left in the file."""
        if self._end is None:
            return  # Training never started, so nothing in the file is past its start.
        if self._size is None:
            size = self._bytes_before(self._end)
            _cut(self.path, size)
            self._size = size
        if not self.waiting:
            return
        # Part of a line, where it could not be cut off when the write failed.
        _cut(self.path, self._size)
        try:
            with open_to_append(self.path) as file:
                file.write(self._encoded(self.waiting))
                size = file.tell()
        except OSError:
            with suppress(OSError):
                _cut(self.path, self._size)
            raise
        self._size = size
        self.waiting.clear()

    def _bytes_before(self, position: _Position) -> int:
        """Length of the leading lines that stay; DataError for any complete line but a row."""
        kept, is_kept = 0, True
        for number, line in enumerate(_complete_lines(self.path), start=1):
            try:
                is_kept = self._is_before(position, number, line.decode()) and is_kept
            except (ValueError, LookupError, TypeError) as error:
                raise DataError(
                    f"{self.path}: line {number} is not a row of metrics",
                    fix="delete that line, or resume from a copy of the run that is whole",
                ) from error
            kept += len(line) if is_kept else 0
        return kept

    @abstractmethod
    def _is_before(self, position: _Position, number: int, line: str) -> bool:
        """True where an existing line, the `number`-th from 1, stays."""

    @abstractmethod
    def _encoded(self, rows: Sequence[Row]) -> bytes: ...


class _JsonLines(_RowFile):
    def _is_before(self, position: _Position, number: int, line: str) -> bool:
        return _position(json.loads(line)) < position

    def _encoded(self, rows: Sequence[Row]) -> bytes:
        return "".join(_json_line(row) for row in rows).encode()


class _CsvLines(_RowFile):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._columns: list[str] = []
        self._step = 0

    def _is_before(self, position: _Position, number: int, line: str) -> bool:
        cells = next(csv.reader([line]))
        if number == 1:
            self._columns, self._step = cells, cells.index("step")
            return True
        return (int(cells[self._step]), True) < position

    def _encoded(self, rows: Sequence[Row]) -> bytes:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        if not self._size:
            self._columns = [name for name in rows[0] if name != "kind"]
            lines.writerow(self._columns)
        # A metric that joined after the first epoch is in metrics.jsonl; the columns stay.
        names = [EARLIER_NAMES.get(column, column) for column in self._columns]
        lines.writerows([row.get(name, "") for name in names] for row in rows)
        return text.getvalue().encode()


def _position(row: Row) -> _Position:
    return int(row["step"]), row["kind"] == "epoch"


def _cut(path: Path, size: int) -> None:
    if path.exists() and path.stat().st_size > size:
        with open_to_append(path) as file:
            file.truncate(size)


def _complete_lines(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    *complete, _torn = path.read_bytes().split(b"\n")
    return [line + b"\n" for line in complete]


def _json_line(row: Row) -> str:
    non_finite = [
        name for name, value in row.items() if isinstance(value, float) and not math.isfinite(value)
    ]
    if non_finite:
        row = {**row, **dict.fromkeys(non_finite), "non_finite": non_finite}
    return json.dumps(row, allow_nan=False) + "\n"
