"""The user's own arrays: images or numbers, and their targets, in .npz or .npy files of numpy's."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fmtool.data.reading.local import LocalConfig, existing, is_held, log_summary
from fmtool.elements import described
from fmtool.errors import DataError
from fmtool.targets import TargetKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.reading.array_names import Names
    from fmtool.data.samples.images import Images
    from fmtool.data.splitting.measured import Measured
    from fmtool.data.splitting.splits import Split, Splits
    from fmtool.elements import Element
    from fmtool.targets import Target

KIND = None
"""uint8 of three or four axes are images, all else are features."""

_COLUMNS = "columns"
_COLUMNS_FIX = "save numpy.array(names, dtype=str), a name for each feature in order"


class Config(LocalConfig):
    name: Literal["arrays"]
    x: Annotated[str, Field(min_length=1)]
    """The name of the arrays of samples, without the split that they are of."""
    y: Annotated[str, Field(min_length=1)]
    """The same of what is learnt of them."""
    columns: list[Annotated[str, Field(min_length=1)]] | None
    """The names of the features, or of the channels of a series."""
    target: Literal["auto", TargetKind]
    """The kind of `y`; `auto`: floats are numbers, columns of 0 and 1 labels, else a label."""
    target_names: list[Annotated[str, Field(min_length=1)]] | None
    """The names of the classes or numbers, in order."""


def load(cfg: Config) -> "Splits":
    """See `_load`."""
    return _load(cfg, None)


def load_measured(cfg: Config, measured: "Measured") -> "Splits":
    """The samples that are to be measured, as a test split; see `_load`."""
    return _load(cfg, measured)


def _load(cfg: Config, measured: "Measured | None") -> "Splits":
    """The arrays `x` and `y`, or `x_train`, `y_train` and so on, of a file or of a folder.

    They may have other names, see `array_names`.

    Numbers are as they are given; `fit` and `restore` make float32 of them.

    Raises:
        DataError: what is wrong with them.
        OutOfMemory: they do not fit into memory, and cannot stay in the file, being compressed.
    """
    from fmtool.data.reading.array_files import open_npy_folder, open_npz
    from fmtool.data.reading.array_names import spelled
    from fmtool.data.reading.array_samples import element_of
    from fmtool.data.reading.features import to_numbers
    from fmtool.data.samples.images import is_in_memory
    from fmtool.data.splitting.local_splits import to_splits
    from fmtool.data.splitting.splits import Split
    from fmtool.notices import warn

    path = existing(cfg.path)
    opened = open_npy_folder if path.is_dir() else open_npz
    arrays = opened(path, samples=spelled(_names(cfg)), is_held=partial(is_held, cfg))
    try:
        parts, target, columns = _taken(cfg, arrays, measured)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", fix=error.fix) from error
    element = element_of(parts["train"].array)
    columns = _columns(cfg, columns, element, str(path))
    if element.kind == "features":
        parts = {
            split: Split(to_numbers(part.array, f"{path}: x of {split}"), part.y, part.names)
            for split, part in parts.items()
        }
    splits = to_splits(
        cfg,
        target,
        parts,
        element=element,
        origin=str(path),
        is_held=False,
    )
    if cfg.storage == "stream" and any(is_in_memory(part.array) for part in parts.values()):
        warn(f"{path} is compressed: it was read into memory; numpy.savez does not compress")
    if measured is None:
        log_summary(splits, described(element), path)
    return splits if columns is None else replace(splits, facts={_COLUMNS: list(columns)})


def _taken(
    cfg: Config, arrays: dict[str, Any], measured: "Measured | None"
) -> "tuple[Mapping[str, Split], Target, tuple[str, ...] | None]":
    """The parts of the arrays, their target, and the names of the columns if there are any."""
    from fmtool.data.reading.array_names import by_split
    from fmtool.data.reading.array_targets import take_names, texts

    names = take_names(arrays, cfg.target_names if measured is None else None)
    columns = texts(_COLUMNS, arrays.pop(_COLUMNS, None), _COLUMNS_FIX)
    found = by_split(arrays, _names(cfg), needs_train=measured is None)
    if measured is None:
        return *_parts(cfg, found, names), columns
    return *_measured_parts(found, names, measured), columns


def fit(cfg: Config, splits: "Splits", rows: "NDArray[np.int32]") -> "Splits":
    """Numbers as float32 by the training samples of `rows`; see `number_splits.fit`."""
    from fmtool.data.splitting import number_splits

    return number_splits.fit(splits, rows) if splits.element.kind == "features" else splits


def restore(cfg: Config, splits: "Splits", artifacts: Mapping[str, str]) -> "Splits":
    """Numbers as float32 as in a run; see `number_splits.restore`."""
    from fmtool.data.splitting import number_splits

    if splits.element.kind != "features":
        return splits
    return number_splits.restore(splits, artifacts, origin=cfg.path)


def _columns(
    cfg: Config, found: "tuple[str, ...] | None", element: "Element", origin: str
) -> "tuple[str, ...] | None":
    """The names of the columns, in the file or by the key; DataError where they do not fit."""
    stated = None if cfg.columns is None else tuple(cfg.columns)
    if found is not None and stated is not None and set(found) != set(stated):
        raise DataError(
            f"{origin}: its columns are {', '.join(found)}, by data.columns {', '.join(stated)}",
            fix="set data.columns=null for those of the file",
        )
    # A file knows the order of its own columns.
    names = stated if found is None else found
    if names is None:
        return None
    width = element.shape[-1]
    if element.kind != "features" or len(names) != width or len(set(names)) < width:
        raise DataError(
            f"{origin}: {len(names)} names of columns, {len(set(names))} different, for "
            f"{described(element)}",
            fix="name each feature, or each channel of a series, once, in data.columns or an "
            f"array '{_COLUMNS}'",
        )
    return names


def _names(cfg: Config) -> "Names":
    from fmtool.data.reading.array_names import Names

    return Names(cfg.x, cfg.y)


def _require_fit(arrays: "Mapping[str, tuple[Images, NDArray[Any]]]") -> None:
    """DataError where samples and targets are not as many."""
    for split, (x, y) in arrays.items():
        if y.shape[:1] != (len(x),):
            raise DataError(f"{split}: x {len(x)}, y {y.size}", fix="give each sample one label")


def _parts(
    cfg: Config,
    arrays: "Mapping[str, tuple[Images, NDArray[Any]]]",
    names: tuple[str, ...] | None,
) -> "tuple[dict[str, Split], Target]":
    """The checked splits and their target."""
    from fmtool.data.reading.array_samples import checked_samples, element_of
    from fmtool.data.reading.array_targets import target_of
    from fmtool.data.reading.label_strings import are_strings, numbered
    from fmtool.data.splitting.splits import Split

    samples = {split: checked_samples(x, split) for split, (x, _) in arrays.items()}
    _require_fit(arrays)
    for split in arrays:
        of_train, of_split = (element_of(samples[each]) for each in ("train", split))
        if of_split != of_train:
            raise DataError(
                f"train holds {described(of_train)}, {split} {described(of_split)}",
                fix="give all one shape and type",
            )
    labels: dict[str, NDArray[Any]] = {split: y for split, (_, y) in arrays.items()}
    if all(map(are_strings, labels.values())) and cfg.target in ("auto", "label"):
        numbers, names = numbered(labels, names)
        labels = dict(numbers)
    target = target_of(labels["train"], cfg.target, names)
    rows = {split: target.converted(y, split=split) for split, y in labels.items()}
    target.require_learnable(rows["train"], split="train")
    return {split: Split(samples[split], rows[split]) for split in samples}, target


def _measured_parts(
    arrays: "Mapping[str, tuple[Images, NDArray[Any]]]",
    names: tuple[str, ...] | None,
    measured: "Measured",
) -> "tuple[dict[str, Split], Target]":
    """The samples to be measured as a test split, and the target of the run.

    What stands in `y` is of `names`, and where there are none of the target of the run.
    """
    import numpy as np

    from fmtool.data.reading.array_samples import checked_samples
    from fmtool.data.reading.array_targets import target_of
    from fmtool.data.reading.label_strings import are_strings, of_run
    from fmtool.data.samples.images import join
    from fmtool.data.splitting.splits import Split

    known = measured.target
    _require_fit(arrays)
    rows: dict[str, NDArray[Any]] = {}
    for split, (_, y) in arrays.items():
        if known.kind == "label" and are_strings(y):
            rows[split] = of_run(y, split, known.names)
            continue
        own = known if names is None else target_of(y, known.kind, names)
        found = own.converted(y, split=split)
        rows[split] = known.by_names(found, own.names, place=f"y of {split}")
    samples = {split: checked_samples(x, split) for split, (x, _) in arrays.items()}
    taken = measured.choose({split: len(y) for split, y in rows.items()})
    whole = Split(
        join([samples[split] for split in taken]),
        np.concatenate([rows[split] for split in taken]),
        np.concatenate([np.arange(len(rows[split])) for split in taken]),
    )
    return {"train": whole.take(np.arange(1)), "test": whole}, known
