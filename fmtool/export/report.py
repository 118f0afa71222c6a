"""The table of what was exported."""

from collections.abc import Mapping
from typing import Any

COLUMNS = (
    "file", "MB", "accuracy", "labels agree", "largest difference", "ms for 1", "ms for 32",
    "samples/s", "MB of memory",
)  # fmt: skip


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a row of export.json; the differences are of probabilities, where there are any."""
    compared, latency = row["parity"], row["latency_ms"]
    differences = compared["differences"]
    difference = differences.get("probabilities") or next(iter(differences.values()), None)
    return (
        row["path"],
        f"{row['size_bytes'] / 1e6:.2f}",
        f"{row['score']['accuracy']:.4f}",
        f"{compared['agreement']:.2%}",
        "" if difference is None else f"{difference['max']:.1e}",
        *(f"{latency[batch]['p50']:.2f}" if batch in latency else "" for batch in ("1", "32")),
        f"{row['samples_per_second']:,.0f}",
        f"{row['peak_memory_bytes'] / 1e6:,.0f}",
    )
