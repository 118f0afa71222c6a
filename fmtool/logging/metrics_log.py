"""metrics.jsonl, every row for programs, and history.csv, one line per epoch for people."""

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from fmtool.errors import DataError, WriteFailed
from fmtool.logging.sink import Row, TrainingPlan

_Position = tuple[int, bool]
"""(step, whether it is an epoch row): rows are written in this order."""


class MetricsLog:
    """Appends every row to `jsonl` and epoch rows to `csv`, complete on disk when a call returns.

    JSON is strict: NaN and infinities become null and are named under `non_finite`. Existing
    files are continued: at the first row, whatever a killed run wrote at or after it is dropped,
    so a resumed course reads like one that was never interrupted.

    Raises:
        WriteFailed: a file cannot be written; both are part of the result of a run.
        DataError: an existing file has a complete line that is not a row.
    """

    def __init__(self, jsonl: Path, csv: Path) -> None:
        self._jsonl = jsonl
        self._csv = csv
        self._columns: list[str] = []
        self._is_continued = False

    def start(self, plan: TrainingPlan) -> None:
        """Nothing is known to be worth a line yet."""

    def step(self, row: Row) -> None:
        self._continue_before(row)
        _append(self._jsonl, _json_line(row))

    def epoch(self, row: Row) -> None:
        self.step(row)
        line = {name: value for name, value in row.items() if name != "kind"}
        if not self._columns:
            self._columns = list(line)
            _append(self._csv, _csv_line(self._columns))
        # A metric that joined after the first epoch is in metrics.jsonl; the columns stay.
        _append(self._csv, _csv_line([line.get(name, "") for name in self._columns]))

    def close(self) -> None:
        """Nothing to do: no file stays open between rows."""

    def _continue_before(self, row: Row) -> None:
        if self._is_continued:
            return
        self._is_continued = True
        _drop_from(_position(row), self._jsonl, lambda line: _position(json.loads(line)))
        with_header = _complete_lines(self._csv)
        if with_header:
            self._columns = next(csv.reader(with_header[:1]))
            step = self._columns.index("step")
            _drop_from(
                _position(row),
                self._csv,
                lambda line: (int(next(csv.reader([line]))[step]), True),
                header_lines=1,
            )


def _position(row: Row) -> _Position:
    return int(row["step"]), row["kind"] == "epoch"


def _drop_from(
    position: _Position, path: Path, position_of: Callable[[str], _Position], header_lines: int = 0
) -> None:
    """Rewrite the file without the rows at or after `position` and without a torn last line."""
    lines = _complete_lines(path)
    kept = lines[:header_lines]
    for number, line in enumerate(lines[header_lines:], start=header_lines + 1):
        try:
            is_earlier = position_of(line) < position
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise DataError(
                f"{path}: line {number} is not a row of metrics",
                fix="delete that line, or resume from a copy of the run that is whole",
            ) from error
        if is_earlier:
            kept.append(line)
    text = "".join(kept)
    if path.exists() and path.stat().st_size != len(text.encode()):
        _replace(path, text)


def _complete_lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    *complete, _torn = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return [f"{line}\n" for line in complete]


def _json_line(row: Row) -> str:
    non_finite = [
        name for name, value in row.items() if isinstance(value, float) and not math.isfinite(value)
    ]
    if non_finite:
        row = {**row, **dict.fromkeys(non_finite), "non_finite": non_finite}
    return json.dumps(row, allow_nan=False) + "\n"


def _csv_line(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def _append(path: Path, line: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        raise _write_failed(path, error) from error


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.tmp")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _write_failed(path, error) from error


def _write_failed(path: Path, error: OSError) -> WriteFailed:
    return WriteFailed(
        f"cannot write {path}: {error.strerror}",
        fix="make it writable, free disk space, then resume the run",
    )
