"""Findings on the numbers that are to be learned."""

from typing import Any

import numpy as np

from fmtool.data.inspection.balance import FEW
from fmtool.data.inspection.findings import Findings, Problems

_BINS = 10
_GROUPS = 4


def report_of_numbers(findings: Findings) -> dict[str, Any]:
    """Range, mean, deviation and histogram of each number, in JSON types."""
    y = findings.rows_of(findings.samples).reshape(len(findings.samples), -1)
    return {
        "numbers": [
            _described(name, column)
            for name, column in zip(findings.target.names, y.T, strict=True)
        ]
    }


def _described(name: str, values: Any) -> dict[str, Any]:
    counts, edges = np.histogram(values, _BINS)
    return {
        "name": name,
        "min": float(values.min()),
        "median": float(np.median(values)),
        "mean": float(values.mean()),
        "max": float(values.max()),
        "deviation": float(values.std()),
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def warn_of_numbers(findings: Findings, problems: Problems) -> None:
    """Numbers that are the same in all samples, and few samples."""
    count = len(findings.samples)
    if count < FEW:
        problems.warn(f"{count} samples", f"add some: below {FEW} little can be measured")
    for each in report_of_numbers(findings)["numbers"]:
        if each["min"] == each["max"]:
            problems.warn(
                f"the number '{each['name']}' is {each['min']:g} in all samples",
                "leave it out: there is nothing to learn",
            )


def groups_of_numbers(findings: Findings) -> dict[str, list[int]]:
    """The places of the samples in four parts of equal size, by the first number."""
    first = findings.rows_of(findings.samples).reshape(len(findings.samples), -1)[:, 0]
    parts = np.array_split(np.argsort(first, kind="stable"), min(_GROUPS, len(first)))
    return {
        f"{findings.target.names[0]} {first[part[0]]:g} to {first[part[-1]]:g}": part.tolist()
        for part in parts
    }
