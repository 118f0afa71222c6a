"""The table of what was exported."""

from collections.abc import Mapping, Sequence
from typing import Any

from fmtool.metric import show


def columns(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Headings of the table of some rows of export.json; the score is called what it is."""
    agreeing = ("labels agree",) if "agreement" in rows[0]["parity"] else ()
    return (
        "file", "MB", headline(rows[0]), *agreeing, "largest difference", "ms for 1", "ms for 32",
        "samples/s", "MB of memory",
    )  # fmt: skip


def headline(row: Mapping[str, Any]) -> str:
    """The name of the first figure of its score."""
    name: str = next(iter(row["score"]))
    return name


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Cells of the table for one file; `row` is its entry in export.json."""
    compared, latency = row["parity"], row["latency_ms"]
    differences = compared["differences"]
    difference = differences.get("probabilities") or next(iter(differences.values()), None)
    agreeing = (f"{compared['agreement']:.2%}",) if "agreement" in compared else ()
    return (
        row["path"],
        f"{row['size_bytes'] / 1e6:.2f}",
        show(row["score"][headline(row)]),
        *agreeing,
        "" if difference is None else f"{difference['max']:.1e}",
        *(f"{latency[batch]['p50']:.2f}" if batch in latency else "" for batch in ("1", "32")),
        f"{row['samples_per_second']:,.0f}",
        f"{row['peak_memory_bytes'] / 1e6:,.0f}",
    )
