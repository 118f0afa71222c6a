"""Looks at every picture of a data set of pictures."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fmtool.data.inspection import columns
from fmtool.data.inspection.asked import Asked, Settled
from fmtool.data.inspection.findings import (
    NOTHING_TO_DO,
    Findings,
    Key,
    Problems,
    Sample,
    as_row,
    spread,
)
from fmtool.data.inspection.picture_facts import Facts, facts_of, look_of
from fmtool.data.inspection.sizes import color_key, depth_key, is_grey_mode, size_keys
from fmtool.data.inspection.target_guess import guess_target
from fmtool.data.reading import picture_clashes
from fmtool.data.reading.class_folders import scan_class_folders
from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.label_table import read_label_table
from fmtool.data.reading.labelled_files import LabelledFile, LabelledFiles
from fmtool.data.reading.picture_clashes import Labelled
from fmtool.data.reading.picture_columns import Columns
from fmtool.data.reading.picture_modes import Look
from fmtool.data.reading.time_left import TimeLeft
from fmtool.data.splitting.split_names import SPLITS
from fmtool.elements import Pixels
from fmtool.errors import DataError
from fmtool.targets import Target

_OPTION = "image_folder"
_PREVIEW_SIDE = 96


def inspect_folders(root: Path, asked: Asked, problems: Problems) -> Findings:
    found = scan_class_folders(root, report=problems.report)
    settled = asked.settled(_OPTION, {"path": Key(str(root))})
    return _findings(found, settled, asked, problems)


def inspect_table(path: Path, asked: Asked, problems: Problems) -> Findings:
    """DataError if it is not known which columns are which."""
    beginning = columns.beginning_of(path, asked.style)
    path_name = asked.words.get("path_column") or columns.path_column(beginning)
    named = asked.words.get("label_column")
    guessed = guess_target(beginning, beside=path_name, named=named)
    start = columns.start_of_paths(path, beginning.values(path_name)) if path_name else None
    keys = {"path": Key(str(path))}
    if beginning.style.has_header is False:
        keys["header"] = Key(False, "the first line is a sample")
    for key, name in (("path", path_name), ("label", guessed.label)):
        if name is not None and not columns.is_found_by_name(beginning, key, name):
            keys[f"{key}_column"] = Key(name)
    keys |= guessed.keys
    if start not in (None, "."):
        keys["pictures_dir"] = Key(start)
    settled = asked.settled(_OPTION, keys)
    cfg = settled.cfg
    found = read_label_table(
        path,
        columns=Columns(
            cfg.path_column, cfg.label_column, cfg.split_column, cfg.columns_of_target()
        ),
        pictures_dir=cfg.pictures_dir,
        style=cfg.style,
        report=problems.report,
    )
    return _findings(found, settled, asked, problems)


def _findings(found: LabelledFiles, settled: Settled, asked: Asked, problems: Problems) -> Findings:
    files = [(split, file) for split in SPLITS for file in found.splits.get(split, ())]
    oddities = DataWarnings()
    usable = _usable(files, settled.cfg, oddities, problems)
    facts = [each.facts for each in usable]
    depths = asked.untyped(depth_key([(fact.mode, fact.levels) for fact in facts]))
    keeps_upper = bool(depths) or settled.cfg.levels == "upper"
    if not keeps_upper:
        usable = list(_of_one_depth(usable, problems))
        what = "pictures of more than 8 bits, scaled by the range of the training pictures"
        for each in usable:
            if each.facts.levels is not None:
                oddities.add(what, str(each.file.path))
        facts = [each.facts for each in usable]
    look = look_of(settled.cfg, facts, keeps_upper=keeps_upper)
    _report_clashes(usable, found.target, look, problems)
    for line in oddities.lines():
        problems.warn(line, NOTHING_TO_DO)
    sizes = asked.untyped(size_keys([(fact.height, fact.width) for fact in facts]))
    if "resize" in asked.words:
        sizes = {}
    colors = asked.untyped(color_key({fact.mode for fact in facts}))
    _warn_of_mixtures(facts, {**sizes, **colors, **depths}, problems)
    preview = replace(look, size=(_PREVIEW_SIDE, _PREVIEW_SIDE), resize_mode="pad")
    keys = {**settled.keys, **sizes, **colors, **depths}
    return Findings(
        option=_OPTION,
        models=("cnn", "mlp"),
        keys=keys,
        target=found.target,
        samples=[each.sample for each in usable],
        statistics=_statistics(facts) | {"other_files": found.ignored},
        element=_element(facts, keys),
        picture_of=lambda place: read_image(usable[place].file.path, preview, None),
    )


class _Usable(NamedTuple):
    """A picture that could be decoded."""

    file: LabelledFile
    facts: Facts
    sample: Sample


def _usable(
    files: Sequence[tuple[str, LabelledFile]],
    cfg: Any,
    oddities: DataWarnings,
    problems: Problems,
) -> list[_Usable]:
    """The pictures that can be decoded, in order; the others are reported."""
    usable = []
    time_left = TimeLeft(f"looking at {len(files):,} pictures", len(files))
    looked_at = facts_of([file.path for _, file in files], cfg, oddities)
    for (split, file), fact in zip(files, looked_at, strict=True):
        time_left.step()
        if isinstance(fact, DataError):
            problems.report(fact)
            continue
        sample = Sample(str(file.path), split, as_row(file.label), fact.digest)
        usable.append(_Usable(file, fact, sample))
    return usable


def _of_one_depth(usable: Sequence[_Usable], problems: Problems) -> Iterator[_Usable]:
    """Those of the depth of the first; the others are reported as a training would refuse them."""
    for each in usable:
        is_deep_one = each.facts.levels is not None
        if is_deep_one == (usable[0].facts.levels is not None):
            yield each
            continue
        has, others = ("more than 8 bits", "8") if is_deep_one else ("8 bits", "more")
        message = (
            f"{each.file.path}: mode {each.facts.mode} of {has}, where the first picture has "
            f"{others}"
        )
        problems.report(DataError(message, fix="save all pictures with one depth"))


def _element(facts: Sequence[Facts], keys: Mapping[str, Key]) -> Pixels | None:
    """A picture as a training would read it by the keys."""
    if not facts:
        return None
    height, width = keys["resize"].value if "resize" in keys else facts[0][2:4]
    is_grey = all(is_grey_mode(fact.mode) for fact in facts)
    color = keys["color"].value if "color" in keys else "auto"
    return Pixels(
        (height, width, 1 if color == "grayscale" or (color == "auto" and is_grey) else 3)
    )


def _warn_of_mixtures(facts: Sequence[Facts], keys: Mapping[str, Key], problems: Problems) -> None:
    """Reports what a training refuses unless the keys are set that are proposed."""
    sizes = len({(fact.height, fact.width) for fact in facts})
    if sizes > 1 and "resize" in keys:
        fix = "set data.resize, as below: larger ones lose detail"
        problems.warn(f"pictures of {sizes} different sizes", fix)
    if "color" in keys:
        modes = ", ".join(sorted({fact.mode for fact in facts}))
        problems.warn(f"pictures of mode {modes}", "set data.color, as below")
    if "levels" in keys:
        deep = sum(fact.levels is not None for fact in facts)
        problems.warn(
            f"{deep:,} of {len(facts):,} pictures have 16 bits, the others 8",
            "set data.levels, as below: the upper 8 bits are kept",
        )


def _report_clashes(
    usable: Sequence[_Usable], target: Target, look: Look, problems: Problems
) -> None:
    """The first two pictures that only putting them on a background makes equal."""
    if not usable:
        return
    keeps_upper = look.levels == "upper"
    digests = b"".join((keeps_upper and each.facts.upper) or each.facts.digest for each in usable)
    found = Labelled(
        [each.file.path for each in usable],
        np.frombuffer(digests, np.uint8).reshape(len(usable), -1),
        np.array([each.file.label for each in usable], target.dtype),
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
