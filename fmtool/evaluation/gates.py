"""Quality gates: the smallest and largest values of a report that pass."""

import math
from collections.abc import Mapping

from fmtool.errors import UsageError
from fmtool.runs.result import Gate
from fmtool.schema import GateConfig

_NO_FIGURE = "there is no such figure"
_NONE: Mapping[str, str] = {}


def require_possible(gate: GateConfig, impossible: Mapping[str, str], *, headline: str) -> None:
    """UsageError, before anything long is done, for a metric that the report will not have.

    Args:
        impossible: metrics that are never defined for the target, with the reason.
        headline: the metric that is always there.
    """
    for metric in (*gate.min, *gate.max):
        if metric in impossible:
            raise UsageError(
                f"gate on {metric}: there is no such metric, {impossible[metric]}",
                fix=f"gate another metric, such as {headline}",
            )


def judge(
    gate: GateConfig, metrics: Mapping[str, float | None], *, undefined: Mapping[str, str] = _NONE
) -> tuple[Gate, ...]:
    """One row for each bound; of a figure that is null or not there no bound is met.

    Args:
        undefined: why one is null, by its name.
    """
    rows = []
    for metric, bound in gate.min.items():
        got = _known(metrics, metric)
        rows.append((metric, f">= {bound:g}", got, got is not None and got >= bound))
    for metric, bound in gate.max.items():
        got = _known(metrics, metric)
        rows.append((metric, f"<= {bound:g}", got, got is not None and got <= bound))
    return tuple(
        Gate(*row, why="" if row[2] is not None else undefined.get(row[0], _NO_FIGURE))
        for row in rows
    )


def all_met(rows: tuple[Gate, ...]) -> bool:
    return all(row.met for row in rows)


def _known(metrics: Mapping[str, float | None], metric: str) -> float | None:
    got = metrics.get(metric)
    return None if got is None or math.isnan(got) else float(got)
