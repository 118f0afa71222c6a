"""The choice of plots of a sweep, made before matplotlib is imported."""

from collections.abc import Mapping, Sequence
from typing import Any

from fmtool.runs.layout import SweepPaths
from fmtool.sweeping.document import measure_of_rows, points_of, spread, value_of
from fmtool.sweeping.earlier import ENDED
from fmtool.sweeping.jobs import Job

_FEWEST = 2


def draw(jobs: Sequence[Job], document: Mapping[str, Any], paths: SweepPaths) -> None:
    """Both pictures, once two points have come to their end with a value that compares."""
    rows = [row for row in document["runs"] if row["status"] in ENDED]
    measure = measure_of_rows(rows)
    if measure is None:
        return
    valued = [row for row in rows if value_of(row, measure) is not None and row["same_as"] is None]
    if len(valued) < _FEWEST:
        return
    from fmtool.drawing import points as plots
    from fmtool.drawing.figures import save_png

    settings = {job.number: job.settings for job in jobs}
    points = []
    for repetitions in points_of(valued):
        own = dict(settings[repetitions[0]["job"]])
        if document["points"] is not None:
            own.pop("seed", None)
        value = spread([value_of(row, measure) for row in repetitions])
        assert value is not None, "each has a value"
        points.append(plots.Point(own, value["mean"], value["sd"]))
    save_png(plots.bars_figure(points, measure.metric), paths.bars)
    save_png(plots.parallel_coordinates_figure(points, measure.metric), paths.parallel_coordinates)
