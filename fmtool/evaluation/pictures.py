"""The figures of an evaluation: those of its task, and sheets of samples that are worth a look."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmtool.elements import Pixels, Sample
from fmtool.evaluation.measure import Measurement
from fmtool.evaluation.plots import sheet_figure
from fmtool.tasks.shared.reporting import Reporting


def figures(
    measurement: Measurement, reporting: Reporting[Any], element: Sample
) -> Mapping[str, Any]:
    """Matplotlib figures by file stem."""
    report = measurement.report
    found: dict[str, Any] = dict(reporting.figures(report))
    if isinstance(element, Pixels):
        for stem, sheet in report.sheets.items():
            found[stem] = sheet_figure(sheet, measurement.split.array, element.maximum)
    return found


def save(figures_by_stem: Mapping[str, Any], directory: Path) -> None:
    """PNG files, each whole or absent."""
    from fmtool.drawing import save_png

    directory.mkdir(exist_ok=True)
    for stem, figure in figures_by_stem.items():
        save_png(figure, directory / f"{stem}.png")
