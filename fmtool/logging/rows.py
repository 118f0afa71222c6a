"""Reading a row: which of its values are metrics, and how a number is shown to people."""

from fmtool.logging.sink import Row

_CIRCUMSTANCES = frozenset(
    {"kind", "epoch", "step", "seconds", "learning_rate", "images_per_second"}
)


def metrics_of(row: Row) -> dict[str, float]:
    """The metrics of a row in its order; texts and the nulls of metrics.jsonl are left out."""
    return {
        name: value
        for name, value in row.items()
        if name not in _CIRCUMSTANCES and isinstance(value, int | float)
    }


UNDEFINED = "\u2013"
"""Stands in tables for a figure that there is not."""


def show(value: float | None) -> str:
    """Four decimals, or four digits with an exponent where decimals would hide the value."""
    if value is None:
        return UNDEFINED
    magnitude = abs(value)
    return f"{value:.3e}" if 0 < magnitude < 1e-3 or magnitude >= 1e5 else f"{value:.4f}"
