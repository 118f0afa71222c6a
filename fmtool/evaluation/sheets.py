"""Sheets of samples that are worth a look: pictures side by side, others as a list."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from fmtool.drawing.figures import DPI, blank_figure, text_width
from fmtool.evaluation.sample_texts import InWords
from fmtool.notices import printable
from fmtool.tasks.shared.reporting import Sheet

_CAPTION_SIZE = 7.0
_CAPTION_LINE = 0.13
"""Inches of a line of a caption."""
_NARROWEST = 1.35
_WIDEST_LINE = 11.0
"""Inches of a picture, and of a line of pictures."""
_GAP, _TITLE = 0.15, 0.5
"""Inches between pictures, and of the title above all."""
_MAX_CHARACTERS = 30
"""Of a name, in a line of a caption."""
_MAX_NAME_CHARACTERS = 84
_LINE_CHARACTERS = 118
_LINE = 0.19
"""Inches from one line of a list to the next."""
_MAX_LINES = 2
"""Of a sample in a list."""


@dataclass(frozen=True)
class Entry:
    """A sample of a sheet.

    Args:
        name: what tells a user which one it is: a file, or the number of a row or line.
        said: what is true of it and what a model says.
        words: the sample itself; empty of a picture.
    """

    name: str
    said: str
    words: str

    def to_text(self) -> str:
        """All of it on one line, between tabs."""
        said = ", ".join(self.said.split("\n"))
        parts = [self.name, said, *([self.words] if self.words else [])]
        return "\t".join(map(printable, parts))


def entries(sheet: Sheet, names: NDArray[Any], in_words: InWords) -> list[Entry]:
    """The samples of a sheet in its order.

    Args:
        names: of all samples that were measured.
    """
    return [
        Entry(_named(names[row]), said, in_words(row))
        for row, said in zip(sheet.rows, sheet.captions, strict=True)
    ]


def _named(name: Any) -> str:
    return name if isinstance(name, str) else f"no. {int(name)}"


def as_text(sheet: Sheet, found: Sequence[Entry]) -> str:
    """A line for each sample, below the title."""
    return "\n".join([printable(sheet.title), *(each.to_text() for each in found), ""])


def pictures_figure(sheet: Sheet, found: Sequence[Entry], images: Any, pixel_max: int) -> Figure:
    """The images of a sheet with names and captions, side by side and as wide as their captions.

    Args:
        images: (n, height, width, channels); without 3 channels the first is drawn in gray.
    """
    captions = ["\n".join([*_name_lines(each.name), each.said]) for each in found]
    lines_of = {line for each in captions for line in each.split("\n")}
    widest = max((text_width(line, _CAPTION_SIZE) for line in lines_of), default=0.0)
    width = max(_NARROWEST, widest + 0.15)
    columns = max(1, min(max(len(found), 4), int(_WIDEST_LINE / width)))
    lines = max(1, math.ceil(len(found) / columns))
    height = width + _CAPTION_LINE * max((each.count("\n") + 1 for each in captions), default=0)
    figure = blank_figure(columns * width, lines * (height + _GAP) + _TITLE)
    figure.suptitle(sheet.title, parse_math=False)
    whole_width, whole_height = figure.get_size_inches()
    for place, (row, caption) in enumerate(zip(sheet.rows, captions, strict=True)):
        line, column = divmod(place, columns)
        left, top = column * width, whole_height - _TITLE - line * (height + _GAP)
        figure.text(
            (left + width / 2) / whole_width,
            top / whole_height,
            caption,
            size=_CAPTION_SIZE,
            ha="center",
            va="top",
            parse_math=False,
        )
        # Axes for each of them would take most of the time of a short training.
        thumbnail = _thumbnail(images[row] / pixel_max, int((width - _GAP) * DPI))
        rows, across = thumbnail.shape[:2]
        figure.figimage(
            thumbnail,
            xo=int((left + width / 2) * DPI - across / 2),
            yo=int((top - height + width / 2) * DPI - rows / 2),
        )
    return figure


def _thumbnail(pixels: NDArray[Any], side: int) -> NDArray[np.uint8]:
    """A picture of values from 0 to 1 as (height, width, 3), whose longer side has `side` pixels.

    Pixels of a small one stay squares.
    """
    is_color = pixels.shape[-1] == 3
    levels = np.clip(np.rint((pixels if is_color else pixels[..., :1]) * 255), 0, 255)
    picture = Image.fromarray(np.broadcast_to(levels.astype(np.uint8), (*levels.shape[:2], 3)))
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    way = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return np.asarray(picture.resize(size, way))


def list_figure(sheet: Sheet, found: Sequence[Entry]) -> Figure:
    """A list of samples: name and what is said of it in one line, the sample below."""
    blocks = [(_head(each), _broken(each.words)) for each in found]
    lines = sum(1.3 + len(words) for _, words in blocks)
    height = 0.6 + _LINE * lines
    figure = blank_figure(10.0, height)
    figure.suptitle(sheet.title, parse_math=False)
    place = height - 0.6
    for head, words in blocks:
        for text, weight in ((head, "bold"), *((each, "normal") for each in words)):
            figure.text(
                0.02, place / height, text, size=8, weight=weight, va="top", parse_math=False
            )
            place -= _LINE
        place -= 0.3 * _LINE
    return figure


def _head(entry: Entry) -> str:
    said = ", ".join(entry.said.split("\n"))
    room = _LINE_CHARACTERS - len(said) - 2
    return printable(f"{_middle_left_out(entry.name, max(room, _MAX_CHARACTERS))}  {said}")


def _broken(words: str) -> list[str]:
    return textwrap.wrap(
        printable(words), _LINE_CHARACTERS, max_lines=_MAX_LINES, placeholder=" ..."
    )


def _name_lines(name: str) -> list[str]:
    """A path, broken behind its folders, then where a line is full."""
    short = _middle_left_out(name, _MAX_NAME_CHARACTERS)
    if len(short) <= _MAX_CHARACTERS:
        return [short]
    folder, slash, file = short.rpartition("/")
    parts = [folder + slash, file] if slash else [file]
    return [line for part in parts for line in textwrap.wrap(part, _MAX_CHARACTERS)]


def _middle_left_out(name: str, room: int = _MAX_CHARACTERS) -> str:
    """The end of a path says most, its begin comes next."""
    name = printable(name)
    if len(name) <= room:
        return name
    end = room * 2 // 3
    return f"{name[: room - end - 1]}…{name[-end:]}"
