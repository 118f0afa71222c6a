"""Quality gates: the smallest and largest values of a report that pass."""

import math
from collections.abc import Mapping
from typing import Any

from fmtool.errors import UsageError
from fmtool.runs.result import Gate
from fmtool.schema import GateConfig


def require_possible(gate: GateConfig, num_classes: int) -> None:
    """UsageError, before anything long is done, for a metric that the report will not have."""
    if num_classes <= 5 and "top_5_accuracy" in {*gate.min, *gate.max}:
        raise UsageError(
            f"gate on top_5_accuracy: with {num_classes} classes there is no such metric",
            fix="gate another metric, such as accuracy",
        )


def judge(gate: GateConfig, report: Mapping[str, Any]) -> tuple[Gate, ...]:
    """One row for each bound; of a figure that is null or not there no bound is met.

    Args:
        report: figures by name; `undefined` in it says why one is null.
    """
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
    got = report.get(metric)
    if got is None or math.isnan(got):
        why = report.get("undefined", {}).get(metric, "there is no such figure")
        return Gate(metric, wanted, None, met=False, why=why)
    return Gate(metric, wanted, float(got), bool(is_met(float(got))))
