"""The figures of an evaluation: those of its task, and sheets of samples that are worth a look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.elements import Pixels, Sample
from fmtool.evaluation import sheets
from fmtool.evaluation.measure import Measurement
from fmtool.evaluation.sample_texts import in_words
from fmtool.tasks.shared.reporting import Reporting


@dataclass(frozen=True)
class Pictures:
    """Figures and lists of a report, each by the stem of its file.

    Args:
        figures: of matplotlib, or their pixels (height, width, 3).
        lists: the samples of each sheet as text, with their whole names.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)

    def rendered(self) -> "Pictures":
        """The same as pixels, for what goes to several places: to draw is what takes long."""
        from fmtool.drawing.figures import figure_to_array

        pixels = {stem: figure_to_array(figure) for stem, figure in self.figures.items()}
        return Pictures(pixels, self.lists)


@dataclass(frozen=True)
class Origin:
    """The origin of the samples that were measured.

    Args:
        names: (n,), see `Split.names`.
        artifacts: what the run keeps of its data, by file name.
    """

    element: Sample
    names: NDArray[Any]
    artifacts: Mapping[str, str]


def of_report(measurement: Measurement, reporting: Reporting[Any], origin: Origin) -> Pictures:
    """The figures of the task, and each sheet as a figure and as a list."""
    report, element = measurement.report, origin.element
    figures: dict[str, Any] = dict(reporting.figures(report))
    lists = {}
    words = in_words(measurement.split, element, origin.artifacts)
    for stem, sheet in report.sheets.items():
        found = sheets.entries(sheet, origin.names, words)
        lists[stem] = sheets.as_text(sheet, found)
        if isinstance(element, Pixels):
            images = measurement.split.array
            figures[stem] = sheets.pictures_figure(sheet, found, images, element.maximum)
        else:
            figures[stem] = sheets.list_figure(sheet, found)
    return Pictures(figures, lists)


def save(drawn: Pictures, directory: Path, *, prefix: str = "") -> list[Path]:
    """PNG files and lists, each whole or absent; gives their paths."""
    from fmtool.drawing.figures import save_png
    from fmtool.runs.atomic import write_text

    directory.mkdir(exist_ok=True)
    pictures = {directory / f"{prefix}{stem}.png": each for stem, each in drawn.figures.items()}
    texts = {directory / f"{prefix}{stem}.txt": each for stem, each in drawn.lists.items()}
    for path, figure in pictures.items():
        save_png(figure, path)
    for path, text in texts.items():
        write_text(path, text)
    return [*pictures, *texts]
