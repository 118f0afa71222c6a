"""Runs by what they are: status, model, data, tag, name, recipe, or a figure between bounds."""

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from fmtool.errors import UsageError
from fmtool.runs.records import STATUSES, RunRecord, records
from fmtool.suggest import did_you_mean

FILTERS: Mapping[str, Callable[[RunRecord], Sequence[str]]] = {
    "status": lambda record: (record.status,),
    "model": lambda record: (record.model,),
    "data": lambda record: (record.data, record.data_label),
    "tag": lambda record: record.tags,
    "name": lambda record: (record.name,),
    "experiment": lambda record: (record.experiment,),
}
"""Values that a record is found by, each by its key."""

BOUNDS = ("min.", "max.")
"""Before the name of a figure, of the test report or the monitored one at the best epoch."""


def is_filter(key: str) -> bool:
    return key in FILTERS or key.startswith(BOUNDS)


def select(runs_dir: Path, settings: Mapping[str, str]) -> list[RunRecord]:
    """The runs that all filters in `settings` fit, the newest first; other keys are not looked at.

    Raises UsageError for a status that there is not, a bound that is no number, and a figure that
    no run has.
    """
    if "status" in settings and settings["status"] not in STATUSES:
        close = get_close_matches(settings["status"], STATUSES, n=1, cutoff=0.5)
        guess = f"did you mean {close[0]}? " if close else ""
        raise UsageError(
            f"unknown status '{settings['status']}'",
            fix=f"{guess}statuses: {', '.join(STATUSES)}",
        )
    bounds = {key: _number(key, settings[key]) for key in settings if key.startswith(BOUNDS)}
    known = records(runs_dir)
    for key in bounds:
        _require_figure(key, known)
    # Only the filters in use look at a record: without any, no config is read here.
    patterns = {key: settings[key] for key in FILTERS if key in settings}
    return [
        record
        for record in known
        if all(_fits(pattern, FILTERS[key](record)) for key, pattern in patterns.items())
        and all(_is_within(key, bound, record) for key, bound in bounds.items())
    ]


def _fits(pattern: str, values: Sequence[str]) -> bool:
    """True where one is the pattern itself, or fits its `*` and `?`."""
    return any(value == pattern or fnmatchcase(value, pattern) for value in values)


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise UsageError(f"{key}={text} is no number", fix=f"write {key}=0.9")
    return value


def _figures(record: RunRecord) -> Mapping[str, float | None]:
    monitored = {record.monitor: record.best} if record.monitor else {}
    return {**monitored, **record.metrics}


def _require_figure(key: str, known: Sequence[RunRecord]) -> None:
    name = key.partition(".")[2]
    names = {each for record in known for each in _figures(record)}
    if names and name not in names:
        raise UsageError(f"{key}: no run has a figure '{name}'", fix=did_you_mean(name, names))


def _is_within(key: str, bound: float, record: RunRecord) -> bool:
    """False of a run that has not got the figure, or where it is undefined."""
    side, _, name = key.partition(".")
    value = _figures(record).get(name)
    if value is None:
        return False
    return value >= bound if side == "min" else value <= bound
