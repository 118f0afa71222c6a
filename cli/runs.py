"""`fmtool runs`: lists, shows and compares runs without importing Keras."""

import difflib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fmtool.errors import ExitCode, UsageError
from fmtool.notices import note
from fmtool.runs import csv_text, selection, tables
from fmtool.runs.bests import measure_of
from fmtool.runs.compare import compare
from fmtool.runs.find import find
from fmtool.runs.records import RunRecord, read_record
from fmtool.runs.strict_json import encode

from . import output, runs_change
from .flags import Flags

_RUNS_DIR = "runs"
_SORTS = ("start", "score", "seconds")
_KEYS = {
    "list": ("runs_dir", *selection.FILTERS, "sort", "limit"),
    "show": ("runs_dir",),
    "compare": ("runs_dir",),
}
# A table that goes into a file or a pipe is as wide as it needs to be.
_UNLIMITED_WIDTH = 10_000


class _Request(NamedTuple):
    action: str
    words: tuple[str, ...]
    settings: dict[str, str]
    as_csv: bool
    as_json: bool

    @property
    def runs_dir(self) -> Path:
        return Path(self.settings.get("runs_dir", _RUNS_DIR))


def help_text() -> str:
    from .runs_help import HELP

    return HELP


def main(argv: list[str], flags: Flags) -> int:
    """Prints what `argv`, the words after `runs`, asks for; raises UsageError or DataError."""
    first = next((word for word in argv if not word.startswith("-")), "")
    if first in runs_change.KEYS:
        rest = list(argv)
        rest.remove(first)
        return runs_change.main(first, rest, flags)
    request = _parse(argv, as_json=flags.as_json)
    actions: dict[str, Callable[[_Request], None]] = {
        "list": _list,
        "show": _show,
        "compare": _compare,
    }
    actions[request.action](request)
    return ExitCode.SUCCESS


def _parse(argv: Sequence[str], *, as_json: bool) -> _Request:
    words = [word for word in argv if not _is_setting(word) and not word.startswith("-")]
    flags = {word for word in argv if word.startswith("-")}
    action = words.pop(0) if words else "list"
    _require(action, (*_KEYS, *runs_change.KEYS), "action", "actions")
    settings = dict(word.split("=", 1) for word in argv if _is_setting(word))
    for key in settings:
        if action != "list" or not selection.is_filter(key):
            _require(key, _KEYS[action], "key", "keys")
    for flag in flags:
        _require(flag, ("--json",) if action == "show" else ("--csv", "--json"), "flag", "flags")
    as_csv, as_json = "--csv" in flags, as_json or "--json" in flags
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other", fix="leave one of them out")
    return _Request(action, tuple(words), settings, as_csv, as_json)


def _is_setting(word: str) -> bool:
    """A path may hold a `=` too, so only what looks like a key counts."""
    return re.match(r"[A-Za-z_.]+=", word) is not None


def _require(value: str, accepted: Sequence[str], kind: str, kinds: str) -> None:
    if value in accepted:
        return
    close = difflib.get_close_matches(value, accepted, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]}? " if close else ""
    raise UsageError(f"unknown {kind} '{value}'", fix=f"{guess}{kinds}: {', '.join(accepted)}")


def _list(request: _Request) -> None:
    if request.words:
        raise UsageError(
            f"unexpected '{request.words[0]}'", fix="filter with model=, data= or status="
        )
    chosen = _chosen(request)
    if request.as_json:
        by_score = request.settings.get("sort") == "score"
        sorted_by = {"sorted_by": _measures(chosen)} if by_score else {}
        output.print_data(encode({"runs": [record.to_json() for record in chosen], **sorted_by}))
    elif request.as_csv:
        output.print_data(csv_text.runs_csv(chosen))
    elif chosen:
        output.print_tables(tables.runs_table(chosen))
    elif request.settings.keys() - {"runs_dir"}:
        output.print_line(f"no run in {request.runs_dir} matches")
    else:
        place = request.runs_dir
        output.print_line(f"no runs in {place} yet; start one with: fmtool train data=digits")


def _chosen(request: _Request) -> list[RunRecord]:
    settings = request.settings
    if "runs_dir" in settings and not request.runs_dir.is_dir():
        raise UsageError(f"there is no directory {request.runs_dir}", fix="correct runs_dir=")
    sort = settings.get("sort", "start")
    _require(sort, _SORTS, "sort", "sorts")
    limit = _limit(settings["limit"]) if "limit" in settings else None
    chosen = selection.select(request.runs_dir, settings)
    if sort == "score":
        chosen = _by_score(chosen)
    elif sort == "seconds":
        chosen.sort(key=lambda record: -1.0 if record.seconds is None else -record.seconds)
    return chosen[:limit]


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"limit={text} is not a number of runs", fix="give 1 or more")
    return int(text)


def _by_score(chosen: list[RunRecord]) -> list[RunRecord]:
    """The best first within each monitor, as scores by different ones do not compare.

    Of losses that are different functions, by the headline of the task, and a line says so.
    """
    groups = _groups(chosen)
    without = [record for record in chosen if record.best_entry is None]
    return [each for monitor in groups for each in _best_first(groups[monitor], monitor)] + without


def _groups(chosen: list[RunRecord]) -> dict[str, list[RunRecord]]:
    """Those with a best value, by their monitors."""
    groups: dict[str, list[RunRecord]] = {}
    for record in chosen:
        if record.best_entry is not None:
            groups.setdefault(record.monitor, []).append(record)
    return dict(sorted(groups.items()))


def _measures(chosen: list[RunRecord]) -> dict[str, Any]:
    """The figure that sorts the runs of each monitor, null where none compares."""
    found: dict[str, Any] = {}
    for monitor, group in _groups(chosen).items():
        measure = measure_of([record.best_entry or {} for record in group])
        by = None if measure is None else measure.name
        found[monitor] = {"by": by, "losses": [] if measure is None else list(measure.losses)}
    return found


def _best_first(group: list[RunRecord], monitor: str) -> list[RunRecord]:
    entries = [record.best_entry or {} for record in group]
    measure = measure_of(entries)
    if measure is None:
        note(f"runs by {monitor} are left in their order: their losses are different functions")
        return group
    if measure.losses:
        note(f"runs by {monitor} are sorted by {measure.name}, {measure.why()}")
    loss_of, values = measure.metric.loss_of, [measure.of(entry) for entry in entries]
    order = sorted(
        range(len(group)), key=lambda place: (values[place] is None, loss_of(values[place] or 0.0))
    )
    return [group[place] for place in order]


def _show(request: _Request) -> None:
    if len(request.words) != 1:
        raise UsageError("show takes one run", fix="fmtool runs show last")
    record = read_record(find(request.words[0], request.runs_dir))
    if request.as_json:
        result = record.result.to_json() if record.result else None
        output.print_data(
            encode(
                {
                    **record.to_json(),
                    "damage": record.damage,
                    "result": result,
                    "manifest": record.manifest,
                }
            )
        )
    else:
        output.print_tables(tables.run_table(record))


def _compare(request: _Request) -> None:
    comparison = compare([find(word, request.runs_dir) for word in request.words])
    if request.as_json:
        output.print_data(encode(comparison.to_json()))
    elif request.as_csv:
        output.print_data(csv_text.comparison_csv(comparison))
    else:
        output.print_tables(tables.comparison_table(comparison))
