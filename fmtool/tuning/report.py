"""A study as lines and tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fmtool.evaluation.report import gate_table
from fmtool.metric import show
from fmtool.notices import counted
from fmtool.runs.result import Gate, headline_of
from fmtool.tuning import attempts
from fmtool.tuning.objective import shown_metric
from fmtool.tuning.space import overrides_of

if TYPE_CHECKING:
    from fmtool.terminal import Column, RenderableType, Table, Text
    from fmtool.tuning.definition import Definition
    from fmtool.tuning.worker import Event

_MAX_SHOWN = 10


def event_line(event: "Event", definition: "Definition") -> str:
    """A line on a trial that began or ended, with what was seen of it."""
    words = [f"trial {event.number:>3}", f"{event.status:<9}"]
    if event.status == attempts.RUNNING:
        words += map(_short, overrides_of(definition.dimensions, event.trial.values))
        return "  ".join(words)
    for objective in definition.objectives:
        row = objective.best_row(event.trial.rows) if objective.is_of_epochs else None
        if row is not None:
            words.append(f"{objective.metric} {show(row[objective.metric])}")
    words.append(counted(len(event.trial.rows), "epoch"))
    if event.status in (attempts.FAILED, attempts.INVALID):
        words.append(f"see {event.trial.log}")
    return "  ".join(words)


def definition(asked: "Definition") -> Sequence["RenderableType"]:
    """The table of the search, before it begins."""
    table = _table("dimension", "range", "with")
    for dimension in asked.dimensions:
        when = "\n".join(f"{key}={','.join(each)}" for key, each in dimension.when.items())
        table.add_row(*map(_text, (dimension.name, dimension.domain.show(), when)))
    objectives = ", ".join(map(str, asked.objectives))
    pruner = asked.pruner["name"] if asked.can_prune else "none"
    chosen = f"objective: {objectives}; tuner {asked.tuner['name']}, pruner {pruner}"
    return [_text(f"study {asked.name}: nothing was begun", "bold"), table, _text(chosen)]


def study(document: Mapping[str, Any]) -> Sequence["RenderableType"]:
    """The best trials, then counts and gates."""
    counts = ", ".join(f"{count} {status}" for status, count in document["trials"].items())
    heading = f"study {document['study']} ({document['status']}): {counts or 'no trials'}"
    parts: list[RenderableType] = [_text(heading, style="bold")]
    if document["best"]:
        parts.append(trials(document["best"], document["objectives"]))
    if document["gates"]:
        parts.append(gate_table(tuple(Gate(**row) for row in document["gates"])))
    return parts


def trials(rows: Sequence[Mapping[str, Any]], objectives: Sequence[str]) -> "Table":
    """One line for each trial."""
    from fmtool.terminal import Column

    names = [each.partition(" ")[2] for each in objectives]
    table = _table(
        Column("trial"),
        Column("status", leave_out=1),
        *map(Column, names),
        Column("epochs", leave_out=2),
        Column("seconds", leave_out=3),
        Column("overrides"),
        Column("run", leave_out=4),
    )
    for row in rows:
        values = row["values"] or [row["metrics"].get(name) for name in names]
        shown = ["" if value is None else show(value) for value in values]
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        words = "\n".join(map(_short, row["overrides"]))
        run = str(row["run"] or "").rpartition("/")[2]
        table.add_row(
            *map(_text, (str(row["trial"]), row["status"], *shown)),
            *map(_text, (str(row["epochs"] or ""), seconds, words, run)),
        )
    return table


def status(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """All there is to say of a study while it runs, its best trials first."""
    objectives = document["objectives"]
    parts = list(study({**document, "best": [], "gates": []}))
    parts.append(_text(f"objective: {', '.join(objectives)}; budget: {_limits(document)}"))
    best_first = sorted(
        (row for row in rows if row["values"] and row["is_feasible"]),
        key=lambda row: shown_metric(objectives[0]).loss_of(row["values"][0]),
    )
    unfinished = [row for row in rows if row["status"] in (attempts.RUNNING, attempts.WAITING)]
    if best_first or unfinished:
        parts.append(trials([*best_first[:_MAX_SHOWN], *unfinished], objectives))
    return parts


def confirmation(document: Mapping[str, Any]) -> Sequence["RenderableType"]:
    """A line for each point that was trained anew, the winner marked."""
    from fmtool.terminal import Column

    metric = document["objective"].partition(" ")[2]
    table = _table(
        Column("point"),
        Column("in the study", leave_out=2),
        Column(metric),
        Column("test", leave_out=1),
        Column("overrides"),
    )
    words_of = [set(point["overrides"]) for point in document["points"]]
    common = set.intersection(*words_of) if len(words_of) > 1 else set()
    for point in document["points"]:
        names = headline_of(document) if point["test"] else ()
        test = [f"{name} {_spread(point['test'][name])}" for name in names]
        mark = " *" if point["point"] == document["winner"] else ""
        before = "" if point["in_study"] is None else show(point["in_study"])
        words = "\n".join(_short(each) for each in point["overrides"] if each not in common)
        cells = (f"{point['point']}{mark}", before, _spread(point["validation"]))
        table.add_row(*map(_text, (*cells, "\n".join(test), words)))
    parts: list[RenderableType] = [_text(f"study {document['study']}: confirmed", "bold"), table]
    if document["gates"]:
        parts.append(gate_table(tuple(Gate(**row) for row in document["gates"])))
    return parts


def _spread(values: Mapping[str, Any]) -> str:
    if values["mean"] is None:
        return "-"
    sd = "" if values["sd"] is None else f" ± {show(values['sd'])}"
    return f"{show(values['mean'])}{sd}"


def importance(found: Mapping[str, float]) -> "Table":
    """The share of the objective's variance that each dimension explains."""
    table = _table("dimension", "importance")
    for name, share in found.items():
        table.add_row(_text(name), _text(f"{share:.3f}"))
    return table


def _limits(document: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in document["budget"].items() if value)


def _short(override: str) -> str:
    """With four digits of a number that was drawn."""
    key, _, value = override.partition("=")
    try:
        number = float(value)
    except ValueError:
        return override
    return override if value.lstrip("-").isdigit() else f"{key}={number:.4g}"


def _table(*columns: "str | Column") -> "Table":
    from fmtool.terminal import table

    return table(*columns)


def _text(value: str, style: str = "") -> "Text":
    from fmtool.terminal import lines

    return lines(value.split("\n"), style)
