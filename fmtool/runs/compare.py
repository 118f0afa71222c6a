"""The differences between runs, and the figures of each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import UsageError
from fmtool.runs.bests import Measure, measure_of
from fmtool.runs.records import RunRecord, read_record
from fmtool.runs.saved_config import flatten, read_run_config


@dataclass(frozen=True)
class Comparison:
    """Rows by key, each holding a value by run id; a run that lacks the key is left out of it."""

    runs: tuple[str, ...]
    config: Mapping[str, Mapping[str, Any]]
    """The configuration keys whose value is not the same in all runs."""
    scores: Mapping[str, Mapping[str, float | str]]
    """Status, best value of the monitor, final metrics, epochs and seconds."""
    measure: Measure | None
    """The figure by which their best epochs compare; None where there is none."""

    def to_json(self) -> dict[str, Any]:
        return {
            "runs": list(self.runs),
            "config": {key: dict(row) for key, row in self.config.items()},
            "scores": {key: dict(row) for key, row in self.scores.items()},
            "compared_by": None if self.measure is None else self.measure.name,
            "losses": [] if self.measure is None else list(self.measure.losses),
        }


def compare(paths: Sequence[Path]) -> Comparison:
    """Raises UsageError for fewer than two different runs, DataError for one without a config."""
    known = [read_record(path) for path in dict.fromkeys(path.resolve() for path in paths)]
    if len(known) < 2:
        raise UsageError("a comparison needs two different runs", fix="name two or more runs")
    configs = {record.id: flatten(read_run_config(record.paths.config)) for record in known}
    keys = dict.fromkeys(key for config in configs.values() for key in config)
    rows = {
        key: {run: config[key] for run, config in configs.items() if key in config} for key in keys
    }
    measure = measure_of([each for record in known if (each := record.best_entry)])
    return Comparison(
        runs=tuple(configs),
        config={key: rows[key] for key in sorted(rows) if _differs(rows[key], len(known))},
        scores=_scores(known, measure),
        measure=measure,
    )


def _differs(row: Mapping[str, Any], runs: int) -> bool:
    # By their spelling, because in Python 1, 1.0 and True are equal.
    return len(row) < runs or len({repr(value) for value in row.values()}) > 1


def _scores(
    known: Sequence[RunRecord], measure: Measure | None
) -> dict[str, dict[str, float | str]]:
    rows: dict[str, dict[str, float | str]] = {}
    for record in known:
        entries: dict[str, float | str | None] = {"status": record.status}
        if record.monitor:
            entries[f"best {record.monitor}"] = record.best
        if measure is not None and measure.losses and record.best_entry is not None:
            # A row for each loss, so that only values of the same function stand in one.
            entries = {"status": record.status}
            entries[f"best {record.monitor} ({record.best_entry['loss']})"] = record.best
            entries[f"{measure.name} at the best epoch"] = measure.of(record.best_entry)
        entries |= record.metrics
        if record.result:
            entries |= {"epochs": record.result.epochs, "seconds": record.result.seconds}
        for name, value in entries.items():
            if value is not None:
                rows.setdefault(name, {})[record.id] = value
    return rows
