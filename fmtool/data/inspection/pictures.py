"""Looks at every picture of a data set of pictures."""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ImageOps

from fmtool.data.class_folders import scan_class_folders
from fmtool.data.image_files import converted, format_of, note_oddities, opened, read_image
from fmtool.data.inspection import columns
from fmtool.data.inspection.findings import Findings, Key, Problems, Sample, evenly, spread
from fmtool.data.inspection.sizes import color_key, size_keys
from fmtool.data.label_table import Columns, read_label_table
from fmtool.data.labelled_files import LabelledFile, LabelledFiles
from fmtool.data.oddities import Oddities
from fmtool.data.read_ahead import cores
from fmtool.data.split_names import SPLITS
from fmtool.data.table_style import Style
from fmtool.data.time_left import TimeLeft
from fmtool.errors import DataError

_PREVIEWS = 4
"""Of each class."""
_PREVIEW_SIDE = 96


class Facts(NamedTuple):
    """What a picture is, turned as EXIF says."""

    format: str
    mode: str
    height: int
    width: int
    digest: bytes


def inspect_folders(root: Path, *, max_pixels: int, problems: Problems) -> Findings:
    found = scan_class_folders(root, report=problems.report)
    return _findings(found, {"path": Key(str(root))}, max_pixels, problems)


def inspect_table(path: Path, *, max_pixels: int, problems: Problems) -> Findings:
    """DataError if it is not known which columns are which."""
    beginning = columns.beginning_of(path)
    path_name = columns.path_column(beginning)
    label_name = columns.label_column(beginning, beside=path_name)
    start = columns.start_of_paths(path, beginning.values(path_name)) if path_name else None
    pictures_dir = None if start in (None, ".") else start
    found = read_label_table(
        path,
        columns=Columns(path_name, label_name, None),
        pictures_dir=pictures_dir,
        style=Style(),
        report=problems.report,
    )
    keys = {"path": Key(str(path))}
    for key, name in (("path", path_name), ("label", label_name)):
        if name is not None and not columns.is_found_by_name(beginning, key, name):
            keys[f"{key}_column"] = Key(name)
    if pictures_dir is not None:
        keys["pictures_dir"] = Key(pictures_dir)
    return _findings(found, keys, max_pixels, problems)


def _findings(
    found: LabelledFiles, keys: Mapping[str, Key], max_pixels: int, problems: Problems
) -> Findings:
    files = [(split, file) for split in SPLITS for file in found.splits.get(split, ())]
    samples, facts, oddities = [], [], Oddities()
    usable: dict[str, list[LabelledFile]] = {name: [] for name in found.class_names}
    time_left = TimeLeft(f"looking at {len(files):,} pictures", len(files))
    looked_at = _looked_at([file.path for _, file in files], max_pixels, oddities)
    for (split, file), fact in zip(files, looked_at, strict=True):
        time_left.step()
        if isinstance(fact, DataError):
            problems.report(fact)
            continue
        name = found.class_names[file.label]
        samples.append(Sample(str(file.path), split, name, fact.digest))
        usable[name].append(file)
        facts.append(fact)
    for line in oddities.lines():
        problems.warn(line, "nothing has to be done")
    sizes = size_keys([(fact.height, fact.width) for fact in facts])
    colors = color_key({fact.mode for fact in facts})
    _warn_of_mixtures(facts, sizes.keys() | colors.keys(), problems)
    return Findings(
        option="image_folder",
        model="cnn",
        keys={**keys, **sizes, **colors},
        class_names=found.class_names,
        samples=samples,
        statistics=_statistics(facts) | {"other_files": found.ignored},
        pictures_of=lambda name: _some_of(usable[name], max_pixels),
        examples={},
    )


def _warn_of_mixtures(facts: Sequence[Facts], keys: Set[str], problems: Problems) -> None:
    """What a training refuses unless the keys are set that are proposed."""
    sizes = len({(fact.height, fact.width) for fact in facts})
    if sizes > 1:
        problems.warn(f"pictures of {sizes} different sizes", "set data.resize, as below")
    if "color" in keys:
        modes = ", ".join(sorted({fact.mode for fact in facts}))
        problems.warn(f"pictures of mode {modes}", "set data.color, as below")


def _looked_at(
    paths: Sequence[Path], max_pixels: int, oddities: Oddities
) -> Iterator[Facts | DataError]:
    """In order; a picture is gone again when its facts are known."""

    def look(path: Path) -> Facts | DataError:
        try:
            return _facts(path, max_pixels, oddities)
        except DataError as problem:
            return problem

    pool = ThreadPoolExecutor(cores(), thread_name_prefix="inspection")
    try:
        yield from pool.map(look, paths)
    finally:
        pool.shutdown(cancel_futures=True)


def _facts(path: Path, max_pixels: int, oddities: Oddities) -> Facts:
    with opened(path, max_pixels=max_pixels, is_new=True) as picture:
        kind, mode = format_of(picture), picture.mode
        if picture.has_transparency_data and "A" not in mode:
            mode += " with transparency"
        note_oddities(picture, path, oddities)
        ImageOps.exif_transpose(picture, in_place=True)
        pixels = converted(picture, path, "rgb")
        width, height = pixels.size
        digest = hashlib.sha256(struct.pack("<2Q", height, width))
        digest.update(pixels.tobytes())
        return Facts(kind, mode, height, width, digest.digest())


def _statistics(facts: Sequence[Facts]) -> dict[str, Any]:
    sizes = Counter((fact.height, fact.width) for fact in facts)
    common = ", ".join(f"{height}x{width}" for (height, width), _ in sizes.most_common(3))
    return {
        "height": spread([fact.height for fact in facts]),
        "width": spread([fact.width for fact in facts]),
        "different_sizes": len(sizes),
        "most_common_sizes": common,
        "color_modes": dict(Counter(fact.mode for fact in facts).most_common()),
        "formats": dict(Counter(fact.format for fact in facts).most_common()),
    }


def _some_of(files: Sequence[LabelledFile], max_pixels: int) -> list[NDArray[np.uint8]]:
    return [
        read_image(
            files[place].path,
            color="rgb",
            max_pixels=max_pixels,
            size=(_PREVIEW_SIDE, _PREVIEW_SIDE),
            resize_mode="pad",
            oddities=None,
        )
        for place in evenly(len(files), _PREVIEWS)
    ]
