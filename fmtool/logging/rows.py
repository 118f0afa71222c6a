"""Reading a row: which of its values are metrics."""

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
