"""Looks at every picture of a data set of pictures."""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import ImageOps

from fmtool.data.inspection import columns
from fmtool.data.inspection.findings import Findings, Key, Problems, Sample, as_row, spread
from fmtool.data.inspection.sizes import TRANSPARENT, color_key, size_keys
from fmtool.data.inspection.target_guess import guess_target
from fmtool.data.reading import picture_clashes
from fmtool.data.reading.class_folders import scan_class_folders
from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import format_of, note_oddities, opened, read_image
from fmtool.data.reading.label_table import read_label_table
from fmtool.data.reading.labelled_files import LabelledFile, LabelledFiles
from fmtool.data.reading.picture_clashes import Labelled
from fmtool.data.reading.picture_columns import Columns
from fmtool.data.reading.picture_modes import Look, converted, is_deep, values_of
from fmtool.data.reading.time_left import TimeLeft
from fmtool.data.samples.read_ahead import cores
from fmtool.data.splitting.inputs import Levels
from fmtool.data.splitting.split_names import SPLITS
from fmtool.errors import DataError
from fmtool.targets import Target

_PREVIEW_SIDE = 96


class Facts(NamedTuple):
    """The facts of a picture, turned as EXIF says.

    Args:
        levels: the smallest and the largest value of a picture of more than 8 bits; None for one
            of 8 bits.
        digest: of the picture on a white background; of its values where it has more than 8 bits.
    """

    format: str
    mode: str
    height: int
    width: int
    levels: Levels | None
    digest: bytes


def inspect_folders(root: Path, *, max_pixels: int, problems: Problems) -> Findings:
    found = scan_class_folders(root, report=problems.report)
    return _findings(found, {"path": Key(str(root))}, max_pixels, problems)


def inspect_table(path: Path, *, max_pixels: int, problems: Problems) -> Findings:
    """DataError if it is not known which columns are which."""
    beginning = columns.beginning_of(path)
    path_name = columns.path_column(beginning)
    guessed = guess_target(beginning, beside=path_name)
    start = columns.start_of_paths(path, beginning.values(path_name)) if path_name else None
    pictures_dir = None if start in (None, ".") else start
    found = read_label_table(
        path,
        columns=Columns(path_name, guessed.label, None, guessed.columns),
        pictures_dir=pictures_dir,
        style=beginning.style,
        report=problems.report,
    )
    keys = {"path": Key(str(path))}
    if beginning.style.has_header is False:
        keys["header"] = Key(False, "the first line is a sample")
    for key, name in (("path", path_name), ("label", guessed.label)):
        if name is not None and not columns.is_found_by_name(beginning, key, name):
            keys[f"{key}_column"] = Key(name)
    keys |= guessed.keys
    if pictures_dir is not None:
        keys["pictures_dir"] = Key(pictures_dir)
    return _findings(found, keys, max_pixels, problems)


def _findings(
    found: LabelledFiles, keys: Mapping[str, Key], max_pixels: int, problems: Problems
) -> Findings:
    files = [(split, file) for split in SPLITS for file in found.splits.get(split, ())]
    samples: list[Sample] = []
    facts: list[Facts] = []
    usable: list[LabelledFile] = []
    oddities = DataWarnings()
    time_left = TimeLeft(f"looking at {len(files):,} pictures", len(files))
    looked_at = _looked_at([file.path for _, file in files], max_pixels, oddities)
    for (split, file), fact in zip(files, looked_at, strict=True):
        time_left.step()
        if isinstance(fact, DataError):
            problems.report(fact)
            continue
        if (problem := _of_other_depth(facts, fact, file.path)) is not None:
            problems.report(problem)
            continue
        samples.append(Sample(str(file.path), split, as_row(file.label), fact.digest))
        usable.append(file)
        facts.append(fact)
    look = _look(max_pixels, facts)
    _report_clashes(usable, facts, found.target, look, problems)
    for line in oddities.lines():
        problems.warn(line, "nothing has to be done")
    sizes = size_keys([(fact.height, fact.width) for fact in facts])
    colors = color_key({fact.mode for fact in facts})
    _warn_of_mixtures(facts, sizes.keys() | colors.keys(), problems)
    preview = replace(look, size=(_PREVIEW_SIDE, _PREVIEW_SIDE), resize_mode="pad")
    return Findings(
        option="image_folder",
        model="cnn",
        keys={**keys, **sizes, **colors},
        target=found.target,
        samples=samples,
        statistics=_statistics(facts) | {"other_files": found.ignored},
        picture_of=lambda place: read_image(usable[place].path, preview, None),
    )


def _warn_of_mixtures(facts: Sequence[Facts], keys: Set[str], problems: Problems) -> None:
    """Reports what a training refuses unless the keys are set that are proposed."""
    sizes = len({(fact.height, fact.width) for fact in facts})
    if sizes > 1:
        fix = "set data.resize, as below: larger ones lose detail"
        problems.warn(f"pictures of {sizes} different sizes", fix)
    if "color" in keys:
        modes = ", ".join(sorted({fact.mode for fact in facts}))
        problems.warn(f"pictures of mode {modes}", "set data.color, as below")


def _looked_at(
    paths: Sequence[Path], max_pixels: int, oddities: DataWarnings
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


def _facts(path: Path, max_pixels: int, oddities: DataWarnings) -> Facts:
    with opened(path, max_pixels=max_pixels, is_new=True) as picture:
        kind, mode = format_of(picture), picture.mode
        if picture.has_transparency_data and "A" not in mode:
            mode += TRANSPARENT
        note_oddities(picture, path, oddities)
        ImageOps.exif_transpose(picture, in_place=True)
        width, height = picture.size
        levels = None
        if is_deep(picture):
            what = "pictures of more than 8 bits, scaled by the range of the training pictures"
            oddities.add(what, str(path))
            values = values_of(picture, path)
            levels = Levels(float(values.min()), float(values.max()))
            return Facts(
                kind, mode, height, width, levels, picture_clashes.content_digest(picture, path)
            )
        pixels = converted(picture, path, _look(max_pixels, ()), oddities)
        digest = hashlib.sha256(struct.pack("<2Q", height, width))
        digest.update(pixels.tobytes())
        return Facts(kind, mode, height, width, None, digest.digest())


def _look(max_pixels: int, facts: Sequence[Facts]) -> Look:
    """The look of pictures for a training by default, in colour; deep ones by the range of all."""
    ends = [end for fact in facts if fact.levels is not None for end in fact.levels]
    levels = Levels(min(ends), max(*ends, min(ends) + 1)) if ends else None
    return Look(
        color="rgb",
        background="white",
        levels=levels,
        max_pixels=max_pixels,
        size=None,
        resize_mode="stretch",
    )


def _of_other_depth(facts: Sequence[Facts], fact: Facts, path: Path) -> DataError | None:
    """The message of a training for a picture of 8 bits beside deeper ones, or vice versa."""
    if not facts or (facts[0].levels is None) == (fact.levels is None):
        return None
    has, others = ("8 bits", "more") if fact.levels is None else ("more than 8 bits", "8")
    return DataError(
        f"{path}: mode {fact.mode} of {has}, where the first picture has {others}",
        fix="save all pictures with one depth",
    )


def _report_clashes(
    files: Sequence[LabelledFile],
    facts: Sequence[Facts],
    target: Target,
    look: Look,
    problems: Problems,
) -> None:
    """The first two pictures that only putting them on a background makes equal."""
    if not files:
        return
    digests = b"".join(fact.digest for fact in facts)
    found = Labelled(
        [file.path for file in files],
        np.frombuffer(digests, np.uint8).reshape(len(files), -1),
        np.array([file.label for file in files], target.dtype),
    )
    try:
        picture_clashes.check([found], target, look)
    except DataError as problem:
        problems.report(problem)


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
