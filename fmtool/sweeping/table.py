"""A sweep as a spreadsheet and as tables for people."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fmtool.metric import show
from fmtool.runs.bests import different_losses
from fmtool.runs.csv_text import cell
from fmtool.runs.result import EARLIER_HEADLINE, headline_of
from fmtool.sweeping.document import Row, Spread, failures, measure_of_rows, value_of
from fmtool.sweeping.jobs import Job

if TYPE_CHECKING:
    from fmtool.terminal import Column, Table, Text


def csv_text(jobs: Sequence[Job], document: Mapping[str, Any]) -> str:
    """A line for each job: what varies, how it ended, its metrics on the test split."""
    rows: list[Row] = document["runs"]
    varied = list(dict.fromkeys(key for job in jobs for key in job.settings if key != "seed"))
    metrics = list(dict.fromkeys(name for row in rows for name in row.get("metrics", {})))
    bests = [row.get("best") or {} for row in rows]
    headlines = list(dict.fromkeys(name for best in bests for name in best.get("headline") or {}))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("job", *varied, "seed", "status", "exit_code", "monitor", "best"),
            *headlines,
            *(f"test_{name}" for name in metrics),
            *("epochs", "seconds", "run"),
        ]
    )
    for job, row in zip(jobs, rows, strict=True):
        settings, best = job.settings, row.get("best") or {}
        cells = [row["job"], *(settings.get(key) for key in varied), row["seed"], row["status"]]
        cells += [row["exit_code"], best.get("monitor"), best.get("value")]
        cells += [(best.get("headline") or {}).get(name) for name in headlines]
        cells += [row.get("metrics", {}).get(name) for name in metrics]
        cells += [row.get("epochs"), row.get("seconds"), row.get("run")]
        writer.writerow([cell(value) for value in cells])
    return text.getvalue()


def tables(document: Mapping[str, Any]) -> list["Table | Text"]:
    """Tables of the end of each job, the mean over repetitions if there are any, and the best."""
    from fmtool import terminal

    found: list[Table | Text] = [_jobs_table(document["runs"])]
    if document["points"] is not None:
        found.append(_points_table(document["points"], _headline(document["runs"])))
    if document["best"] is not None:
        found.append(terminal.line(best_line(document["best"])))
    found.append(terminal.line(f"{document['directory']}/"))
    return found


def best_line(best: Mapping[str, Any]) -> str:
    what = " ".join(best["overrides"]) or "(no variation)"
    mean = f" as the mean of {best['seeds']} seeds" if best["seeds"] > 1 else ""
    line = f"best {best['monitor']} {show(best['value'])}{mean}  job {best['job']}  {what}"
    why = different_losses(best["losses"])
    return f"{line}  ({why})" if why else line


def _jobs_table(rows: Sequence[Row]) -> "Table":
    from fmtool.terminal import Column

    measure = measure_of_rows(rows)
    best = "best" if measure is None else f"best {measure.name}"
    headline = _headline(rows)
    names = (f"test {name}" for name in headline)
    table = _table(
        *("job", "overrides", "status", best),
        *(Column(name, leave_out=min(place, 2)) for place, name in enumerate(names, start=1)),
        *(Column("seconds", leave_out=3), Column("run", leave_out=4)),
    )
    for row in rows:
        metrics, value = row.get("metrics", {}), value_of(row, measure)
        scores = (value, *(metrics.get(name) for name in headline))
        outcome = row.get("run") or _message(row)
        _add(
            table,
            row["job"],
            "\n".join(row["overrides"]),
            row["status"] if row["same_as"] is None else f"as job {row['same_as']}",
            *("" if score is None else show(score) for score in scores),
            f"{row['seconds']:.1f}" if "seconds" in row else "",
            outcome,
        )
    return table


def _headline(rows: Sequence[Row]) -> list[str]:
    """The figures on the test split that there is room for."""
    names = dict.fromkeys(name for row in rows if "metrics" in row for name in headline_of(row))
    return list(names or EARLIER_HEADLINE)


def _points_table(points: Sequence[Mapping[str, Any]], headline: Sequence[str]) -> "Table":
    from fmtool.terminal import Column

    monitors = {point["monitor"] for point in points} - {None}
    best = f"best {monitors.pop()}" if len(monitors) == 1 else "best"
    names = enumerate((f"test {name}" for name in headline), start=1)
    table = _table(
        *("overrides", "seeds", best), *(Column(name, leave_out=place) for place, name in names)
    )
    for point in points:
        spreads = [point["best"], *(point["metrics"].get(name) for name in headline)]
        done = f"{len(point['seeds'])} of {len(point['jobs'])}"
        _add(table, "\n".join(point["overrides"]), done, *map(show_spread, spreads))
    return table


def show_spread(spread: Spread | None) -> str:
    """`0.9831 ± 0.0020`."""
    if spread is None:
        return ""
    deviation = spread["sd"]
    return show(spread["mean"]) + ("" if deviation is None else f" ± {show(deviation)}")


def failure_lines(rows: Sequence[Row]) -> list[str]:
    """Each failure with its run and its log."""
    return [_failure(row) for row in failures(rows)]


def _failure(row: Row) -> str:
    places = [f"run {row['run']}"] if row.get("run") else []
    places += [f"log {row['log']}"] if row["log"] else []
    what = " ".join(row["overrides"])
    ended = f"job {row['job']} {row['status']} ({row['exit_code']})"
    return "  ".join(part for part in (ended, what, _message(row), *places) if part)


def _message(row: Row) -> str:
    """The fault; how to mend it is in the document and in the log."""
    message = str((row.get("error") or {}).get("message", ""))
    return message.partition("; fix: ")[0]


def _table(*columns: "str | Column") -> "Table":
    from fmtool.terminal import table

    return table(*columns)


def _add(table: "Table", *cells: Any) -> None:
    from fmtool.terminal import lines

    table.add_row(*(lines(str(each).split("\n")) for each in cells))
