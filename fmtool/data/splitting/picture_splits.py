"""A user's pictures as `Splits`: of 8 bits as they are, deeper ones by the range of some."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading import picture_clashes
from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.deep_pictures import DeepPictures, Measurements, require_range
from fmtool.data.reading.labelled_files import LabelledFiles, below
from fmtool.data.reading.local import LocalConfig, is_held
from fmtool.data.reading.picture_clashes import Labelled
from fmtool.data.reading.picture_files import PictureFiles
from fmtool.data.reading.picture_modes import Look, shown
from fmtool.data.samples.images import Images, pixels_of
from fmtool.data.samples.read_ahead import read_all, read_blocks
from fmtool.data.splitting import inputs
from fmtool.data.splitting.inputs import Levels
from fmtool.data.splitting.local_splits import to_splits
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Pixels
from fmtool.errors import DataError
from fmtool.notices import note


@dataclass(frozen=True)
class PictureSplits(Splits):
    """Splits of pictures, with what is needed to compare and to scale them.

    Args:
        look: how the pictures are read.
        read: the pictures of 8 bits as they were read; none of deeper ones, which are read once
            their levels are known.
    """

    look: Look | None = None
    read: Sequence[Labelled] = ()

    @property
    def are_deep(self) -> bool:
        return isinstance(self.train.x, DeepPictures)

    def with_parts(self, parts: Mapping[str, Split], *, look: Look) -> "PictureSplits":
        """The same splits with other samples."""
        return replace(
            self,
            train=parts["train"],
            test=parts["test"],
            validation=parts.get("validation"),
            look=look,
        )


def of_8_bits(
    cfg: LocalConfig,
    found: LabelledFiles,
    pictures: Mapping[str, PictureFiles],
    *,
    look: Look,
    origin: str,
) -> PictureSplits:
    """Reads each picture once, whether it is kept in memory or decoded again on access."""
    labels, names = found.targets(), _names(found, origin)
    splits = to_splits(
        cfg,
        found.target,
        {name: Split(files, labels[name], names[name]) for name, files in pictures.items()},
        element=pixels_of(pictures["train"]),
        origin=origin,
        is_held=is_held(cfg, sum(prod(each.shape) for each in pictures.values())),
    )
    for each in pictures.values():
        each.have_been_read()
    read = [Labelled(each.paths, each.digests, labels[n]) for n, each in pictures.items()]
    return _extended(splits, look=look, read=read)


def of_more_bits(
    cfg: LocalConfig,
    found: LabelledFiles,
    look: Look,
    *,
    shape: tuple[int, int, int],
    given: Levels | None,
    oddities: DataWarnings,
    origin: str,
) -> PictureSplits:
    """Measures each picture once; until `fit` or `restore` their levels are those of the split.

    The digest is that of the values in the files, whatever the levels.

    Args:
        given: the levels that the config names; None for the range of the pictures.
    """
    labels, names = found.targets(), _names(found, origin)
    first = found.splits["train"][0].path
    paths = {name: [file.path for file in files] for name, files in found.splits.items()}
    kept = shape if look.size is None else None
    parts = {
        name: Split(
            Measurements(paths[name], look, shape=kept, first=first, oddities=oddities),
            labels[name],
            names[name],
        )
        for name in found.splits
    }
    splits = to_splits(cfg, found.target, parts, element=Pixels(shape), origin=origin, is_held=True)

    def deep(name: str, part: Split) -> Split:
        # A test split that was drawn is of the training files.
        files = paths.get(name, paths["train"])
        records = np.asarray(part.array)
        pictures = DeepPictures(files, records, look, shape=shape, first=first)
        return Split(pictures, part.y, part.names)

    parts = {name: deep(name, part) for name, part in splits.parts.items()}
    measured = _extended(splits, look=look, read=()).with_parts(parts, look=look)
    levels = given or _range(measured, np.arange(len(measured.train)))
    return _between(measured, levels)


def fit(
    cfg: LocalConfig,
    splits: Splits,
    rows: NDArray[np.int32],
    *,
    given: Levels | None,
    origin: str,
) -> Splits:
    """The splits that are trained on: levels by the training `rows`, and nothing lost unseen.

    Args:
        given: the levels that the config names; None for the range of the pictures of `rows`.

    Raises:
        DataError: different pictures of different classes are equal as they are read, or all
            values of the training pictures are.
    """
    assert isinstance(splits, PictureSplits)
    assert splits.look is not None
    if not splits.are_deep:
        picture_clashes.check(splits.read, splits.target, splits.look)
        return splits
    levels = given or _range(splits, rows)
    require_range(levels, origin)
    fitted = _between(splits, levels)
    held, read = _read(cfg, fitted)
    whole = _whole_range(splits)
    others = [("auto", _range(splits, rows))] if given else []
    others.append((f"[{','.join(shown(whole))}]", whole))
    look = replace(splits.look, levels=levels)
    picture_clashes.check(read, splits.target, look, levels=others)
    _tell(splits, levels, is_given=given is not None)
    return replace(held, artifacts=inputs.encode(inputs.entry_of_levels(levels)))


def restore(
    cfg: LocalConfig, splits: Splits, artifacts: Mapping[str, str], *, origin: str
) -> Splits:
    """The splits with the levels of a run; DataError for pictures of another depth than its own."""
    assert isinstance(splits, PictureSplits)
    levels = inputs.levels_in(inputs.decode(artifacts))
    if splits.are_deep == (levels is None):
        depths = ("more than 8 bits", "8 bits")
        found, trained = depths if splits.are_deep else reversed(depths)
        raise DataError(
            f"{origin}: pictures of {found}, but the run was trained on pictures of {trained}",
            fix="save them as those of the training",
        )
    if levels is None:
        return splits
    _warn_of_beyond(splits, levels)
    held, _ = _read(cfg, _between(splits, levels), only_if_held=True)
    return replace(held, artifacts=dict(artifacts))


def _names(found: LabelledFiles, origin: str) -> dict[str, NDArray[Any]]:
    """Paths below the folder of the data set, or of its table."""
    root = Path(origin)
    folder = root if root.is_dir() else root.parent
    return {
        name: np.array([below(file.path, folder) for file in files], object)
        for name, files in found.splits.items()
    }


def _extended(splits: Splits, *, look: Look, read: Sequence[Labelled]) -> PictureSplits:
    own: dict[str, Any] = {each.name: getattr(splits, each.name) for each in fields(splits)}
    return PictureSplits(**own, look=look, read=read)


def _deep(images: Images) -> DeepPictures:
    assert isinstance(images, DeepPictures)
    return images


def _range(splits: Splits, rows: NDArray[np.integer[Any]]) -> Levels:
    return _deep(splits.train.array).range_of(rows)


def _whole_range(splits: Splits) -> Levels:
    """The range of all pictures, those that are tested on included."""
    ranges = [_deep(p.array).range_of(np.arange(len(p))) for p in splits.parts.values()]
    return Levels(min(each.low for each in ranges), max(each.high for each in ranges))


def _between(splits: PictureSplits, levels: Levels) -> PictureSplits:
    assert splits.look is not None
    look = replace(splits.look, levels=levels)
    parts = {
        name: Split(_deep(part.array).between(look), part.y, part.names)
        for name, part in splits.parts.items()
    }
    return splits.with_parts(parts, look=look)


def _read(
    cfg: LocalConfig, splits: PictureSplits, *, only_if_held: bool = False
) -> tuple[PictureSplits, list[Labelled]]:
    """The splits, held in memory where they are to be, and each picture as it was read."""
    assert splits.look is not None
    holds = is_held(cfg, sum(prod(part.array.shape) for part in splits.parts.values()))
    parts, read = {}, []
    for name, part in splits.parts.items():
        pictures = _deep(part.array)
        if holds:
            parts[name] = Split(read_all(pictures), part.y, part.names)
        elif not only_if_held:
            for _ in read_blocks(pictures):
                pass
        pictures.have_been_read()
        read.append(Labelled(pictures.paths, pictures.digests, part.y))
    return splits.with_parts({**splits.parts, **parts}, look=splits.look), read


def _tell(splits: Splits, levels: Levels, *, is_given: bool) -> None:
    low, high = shown(levels)
    what = "data.levels" if is_given else "the range of the training pictures"
    note(f"{splits.name}: pictures of more than 8 bits: {low} to {high}, {what}, becomes 0 to 255")
    _warn_of_beyond(splits, levels)


def _warn_of_beyond(splits: Splits, levels: Levels) -> None:
    counts = {name: _deep(part.array).beyond(levels) for name, part in splits.parts.items()}
    told = ", ".join(f"{count} in {name}" for name, count in counts.items() if count)
    if told:
        low, high = shown(levels)
        note(
            f"{splits.name}: pictures with values beyond {low} to {high}, which become "
            f"{low} or {high}: {told}"
        )
