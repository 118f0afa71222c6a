"""Quality gates: the smallest and largest values of a report that pass."""

from collections.abc import Mapping
from typing import Any

from fmtool.errors import UsageError
from fmtool.runs.result import Gate
from fmtool.schema import GateConfig


def judge(gate: GateConfig, report: Mapping[str, Any]) -> tuple[Gate, ...]:
    """One row for each bound. UsageError for a metric this report cannot have."""
    rows = [
        _row(metric, f">= {bound:g}", report, lambda got, b=bound: got >= b)
        for metric, bound in gate.min.items()
    ] + [
        _row(metric, f"<= {bound:g}", report, lambda got, b=bound: got <= b)
        for metric, bound in gate.max.items()
    ]
    return tuple(rows)


def all_met(rows: tuple[Gate, ...]) -> bool:
    return all(row.met for row in rows)


def _row(metric: str, wanted: str, report: Mapping[str, Any], is_met: Any) -> Gate:
    if metric not in report:
        raise UsageError(
            f"gate on {metric}: a report on this few classes has no {metric}",
            fix="gate another metric",
        )
    got = float(report[metric])
    return Gate(metric, wanted, got, bool(is_met(got)))
