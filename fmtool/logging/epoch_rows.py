"""The epochs of a training as rows of one table, which begins before its last row is known."""

from dataclasses import dataclass

from fmtool.elements import UNITS
from fmtool.logging.rows import metrics_of
from fmtool.logging.sink import Row, TrainingInfo
from fmtool.metric import is_loss, show

_NARROWEST = 6
"""Room for a figure such as 0.8412."""
_BETWEEN = 2
_BEST = "best"


@dataclass(frozen=True)
class _Column:
    """A figure of a row.

    Args:
        leave_out: where there is no room for all columns, the highest go first; 0 stays.
    """

    heading: str
    width: int
    leave_out: int = 0


class EpochRows:
    """Aligned rows whose columns are those of the first epoch, as many as there is room for.

    Args:
        room: columns of the terminal.
    """

    def __init__(self, plan: TrainingInfo, first: Row, room: int) -> None:
        self._plan = plan
        number = len(str(plan.epochs))
        names = list(metrics_of(first))
        # Losses stay; of others those of validation do for longer, and the first before the rest.
        others = sorted(
            (name for name in names if not is_loss(name)), key=lambda name: name[:4] != "val_"
        )
        metrics = [
            _Column(
                name,
                max(len(name), _NARROWEST),
                leave_out=1 + others.index(name) if name in others else 0,
            )
            for name in names
        ]
        rate = f"{UNITS[plan.kind]}/s"
        known = [
            _Column("epoch", max(len("epoch"), 2 * number + 1)),
            *metrics,
            _Column("lr", len("1.0e-03"), leave_out=len(metrics) + 1),
            _Column(rate, len(rate), leave_out=len(metrics) + 2),
            _Column("time", len("12.3 s")),
        ]
        while _width(known) > room and max(each.leave_out for each in known) > 0:
            known.remove(max(known, key=lambda each: each.leave_out))
        self._columns = known

    @property
    def heading(self) -> str:
        return _joined([each.heading.rjust(each.width) for each in self._columns])

    def row(self, row: Row, seconds: float, *, is_best: bool) -> str:
        """The figures of an epoch, below their headings."""
        metrics = {
            name: _fitted(value, max(len(name), _NARROWEST))
            for name, value in metrics_of(row).items()
        }
        cells = {
            **metrics,
            "epoch": f"{row['epoch']}/{self._plan.epochs}",
            "lr": f"{row['learning_rate']:.1e}",
            f"{UNITS[self._plan.kind]}/s": f"{row['samples_per_second']:.0f}",
            "time": f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s",
        }
        shown = [cells.get(each.heading, "").rjust(each.width) for each in self._columns]
        return _joined([*shown, _BEST] if is_best else shown)


def _width(columns: list[_Column]) -> int:
    return len(_joined([*(each.width * "-" for each in columns), _BEST]))


def _joined(cells: list[str]) -> str:
    return (_BETWEEN * " ").join(cells)


def _fitted(value: float, width: int) -> str:
    """A value in a cell: as `show` writes it, with fewer digits where that is too long."""
    fewer = [f"{value:.{digits}f}" for digits in (3, 2, 1, 0)] if 1 <= abs(value) < 1e5 else []
    forms = (show(value), *fewer, f"{value:.1e}", f"{value:.0e}")
    return next((form for form in forms if len(form) <= width), forms[-1])
