"""Reading a row: which of its values are metrics."""

from fmtool.logging.sink import Row

EARLIER_NAMES = {"images_per_second": "samples_per_second"}
"""Names of values in files of fmtool 0.1, and their names since."""

_NON_METRIC_KEYS = frozenset(
    {"kind", "epoch", "step", "seconds", "learning_rate", "samples_per_second", *EARLIER_NAMES}
)


def with_names_of_today(row: Row) -> Row:
    """A row of metrics.jsonl, of whatever release, as this one would have written it."""
    return {EARLIER_NAMES.get(name, name): value for name, value in row.items()}


def metrics_of(row: Row) -> dict[str, float]:
    """The metrics of a row in its order; texts and the nulls of metrics.jsonl are left out."""
    return {
        name: value
        for name, value in row.items()
        if name not in _NON_METRIC_KEYS and isinstance(value, int | float)
    }
