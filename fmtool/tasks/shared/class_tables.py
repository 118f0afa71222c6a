"""Tables and lines for the terminal of a classifier's report."""

from collections.abc import Mapping, Sequence
from typing import Any

from fmtool import terminal
from fmtool.metric import show
from fmtool.tasks.shared.class_figures import RATIOS
from fmtool.terminal import Column, Table

MAX_ABSENT_NAMED = 10
"""Classes without samples that a line names."""
_MAX_CLASSES = 20


def class_table(per_class: Sequence[Mapping[str, Any]], *, also: Sequence[str] = ()) -> Table:
    """Precision, recall and F1 of each class; of more than 20 the worst ones.

    Args:
        also: more figures of the entries, which stand before the number of samples.
    """
    figures = (*RATIOS, *also)
    shown = list(per_class)
    title = "classes"
    if len(shown) > _MAX_CLASSES:
        known = [entry for entry in shown if entry["f1"] is not None]
        shown = sorted(known, key=lambda entry: entry["f1"])[:_MAX_CLASSES]
        title = f"the {_MAX_CLASSES} of {len(per_class)} classes with the lowest f1"
    numbers = (Column(name, is_number=True, leave_out=int(name in also)) for name in figures)
    table = terminal.table("class", *numbers, Column("support", is_number=True), title=title)
    for entry in shown:
        scores = (show(entry[name]) for name in figures)
        table.add_row(entry["name"], *scores, str(entry["support"]))
    return table


def absent_line(names: Sequence[str]) -> str:
    """The line below a report that names classes without samples and the rule of the averages."""
    shown = ", ".join(names[:MAX_ABSENT_NAMED])
    more = f" and {len(names) - MAX_ABSENT_NAMED} more" if len(names) > MAX_ABSENT_NAMED else ""
    return (
        f"no samples of {shown}{more} in this split: averages _macro are over the classes that "
        "have samples, _macro_all over all classes, absent ones as 0"
    )
