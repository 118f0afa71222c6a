"""The user's own arrays: images or numbers, and their labels, in .npz or .npy files of numpy's."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fmtool import class_names as naming
from fmtool.data.reading.local import LocalConfig, existing, is_held, tell
from fmtool.data.splitting.split_names import SPLITS
from fmtool.elements import described
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.samples.images import Images
    from fmtool.data.splitting.measured import Measured
    from fmtool.data.splitting.splits import Split, Splits
    from fmtool.elements import Element

KIND = None
"""uint8 of three or four axes are images, all else are features."""

_CLASS_NAMES = "class_names"
_COLUMNS = "columns"
_COLUMNS_FIX = "save numpy.array(names, dtype=str), a name for each feature in order"


class Config(LocalConfig):
    name: Literal["arrays"]
    columns: list[Annotated[str, Field(min_length=1)]] | None
    """The names of the features, or of the channels of a series."""


def load(cfg: Config) -> "Splits":
    """See `_load`."""
    return _load(cfg, None)


def load_measured(cfg: Config, measured: "Measured") -> "Splits":
    """What is to be measured as a test split; see `_load`."""
    return _load(cfg, measured)


def _load(cfg: Config, measured: "Measured | None") -> "Splits":
    """The arrays `x` and `y`, or `x_train`, `y_train` and so on, of a file or of a folder.

    Numbers are as they are given; `fit` and `restore` make float32 of them.

    Raises:
        DataError: what is wrong with them.
        OutOfMemory: they do not fit into memory, and cannot stay in the file, being compressed.
    """
    from fmtool.data.reading.array_files import open_npy_folder, open_npz
    from fmtool.data.reading.features import to_numbers
    from fmtool.data.samples.images import is_in_memory
    from fmtool.data.splitting.local_splits import to_splits
    from fmtool.data.splitting.splits import Split
    from fmtool.notices import warn

    path = existing(cfg.path)
    samples = [f"x{suffix}" for suffix in ("", *(f"_{split}" for split in SPLITS))]
    opened = open_npy_folder if path.is_dir() else open_npz
    arrays = opened(path, samples=samples, is_held=partial(is_held, cfg))
    try:
        names = _class_names(arrays.pop(_CLASS_NAMES, None))
        columns = _texts(_COLUMNS, arrays.pop(_COLUMNS, None), _COLUMNS_FIX)
        found = _by_split(arrays, needs_train=measured is None)
        if measured is None:
            parts, class_names = _parts(found, names)
        else:
            parts, class_names = _measured_parts(found, names, measured)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", fix=error.fix) from error
    element = _element(parts["train"].x)
    columns = _columns(cfg, columns, element, str(path))
    if element.kind == "features":
        parts = {
            split: Split(to_numbers(part.x, f"{path}: x of {split}"), part.y, part.names)
            for split, part in parts.items()
        }
    splits = to_splits(
        cfg,
        class_names,
        parts,
        element=element,
        origin=str(path),
        is_held=False,
    )
    if cfg.storage == "stream" and any(is_in_memory(part.x) for part in parts.values()):
        warn(f"{path} is compressed: it was read into memory; numpy.savez does not compress")
    if measured is None:
        tell(splits, described(element), path)
    return splits if columns is None else replace(splits, facts={_COLUMNS: list(columns)})


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


def _by_split(
    arrays: "Mapping[str, Any]", *, needs_train: bool
) -> "dict[str, tuple[Any, NDArray[Any]]]":
    """Samples and labels of each split; `x` and `y` alone are the training split."""
    suffixes = {"train": ""} if "x" in arrays else {split: f"_{split}" for split in SPLITS}
    accepted = [f"{axis}{suffix}" for suffix in suffixes.values() for axis in "xy"]
    for name in arrays:
        if name not in accepted:
            fix = did_you_mean(name, [*accepted, _CLASS_NAMES, _COLUMNS])
            raise DataError(f"unknown array '{name}'", fix=fix)
    found = {}
    for split, suffix in suffixes.items():
        x, y = f"x{suffix}", f"y{suffix}"
        is_needed = needs_train and split == "train"
        if not is_needed and x not in arrays and y not in arrays:
            continue
        for name in (x, y):
            if name not in arrays:
                raise DataError(
                    f"no array '{name}'; found {', '.join(arrays) or 'none'}",
                    fix="save samples as x or x_train, and labels as y or y_train",
                )
        found[split] = arrays[x], arrays[y]
    return found


def _parts(
    arrays: "Mapping[str, tuple[Images, NDArray[Any]]]",
    names: tuple[str, ...] | None,
) -> "tuple[dict[str, Split], tuple[str, ...]]":
    """The checked splits and the names of the classes, their numbers where `names` is None."""
    import numpy as np

    from fmtool.data.reading.labels import require_all_classes, to_labels
    from fmtool.data.splitting.splits import Split

    samples = {split: _samples(x, split) for split, (x, _) in arrays.items()}
    for split, (x, y) in arrays.items():
        if len(x) != y.size:
            raise DataError(f"{split}: x {len(x)}, y {y.size}", fix="give each sample one label")
        of_train, of_split = (_element(samples[each]) for each in ("train", split))
        if of_split != of_train:
            raise DataError(
                f"train holds {described(of_train)}, {split} {described(of_split)}",
                fix="give all one shape and type",
            )
    # Labels that are numbered without a gap are all smaller than there are different ones.
    distinct = len(np.unique(arrays["train"][1]))
    class_names = names or tuple(map(str, range(distinct)))
    labels = {
        split: to_labels(y, num_classes=len(class_names), split=split)
        for split, (_, y) in arrays.items()
    }
    require_all_classes(labels["train"], class_names, "train")
    return {split: Split(samples[split], labels[split]) for split in samples}, class_names


def _measured_parts(
    arrays: "Mapping[str, tuple[Images, NDArray[Any]]]",
    names: tuple[str, ...] | None,
    measured: "Measured",
) -> "tuple[dict[str, Split], tuple[str, ...]]":
    """The samples to be measured as a test split, and the classes of the run.

    Label values stand for `names`, and where there are none for the classes of the run.
    """
    import numpy as np

    from fmtool.data.reading.labels import to_labels
    from fmtool.data.samples.images import join
    from fmtool.data.splitting.measured import unknown_class
    from fmtool.data.splitting.splits import Split

    known = measured.class_names
    labels, samples = {}, {}
    for split, (x, y) in arrays.items():
        samples[split] = _samples(x, split)
        if len(x) != y.size:
            raise DataError(f"{split}: x {len(x)}, y {y.size}", fix="give each sample one label")
        labels[split] = to_labels(y, num_classes=len(names or known), split=split)
        for value in np.unique(labels[split]) if names is not None else ():
            if names is not None and names[value] not in known:
                raise unknown_class(f"y of {split}", names[value], known)
    places = np.array([known.index(n) if n in known else -1 for n in names or known], np.int32)
    taken = measured.choose({split: len(y) for split, y in labels.items()})
    whole = Split(
        join([samples[split] for split in taken]),
        places[np.concatenate([labels[split] for split in taken])],
        np.concatenate([np.arange(len(labels[split])) for split in taken]),
    )
    return {"train": whole.take(np.arange(1)), "test": whole}, known


def _samples(x: "Images", split: str) -> "Images":
    """uint8 (n, height, width, channels), or numbers (n, features) or (n, steps, channels)."""
    import numpy as np

    from fmtool.data.reading.channel_order import Order, order_of
    from fmtool.data.samples.images import ReadImages

    axes = len(x.shape)
    is_pixels = x.dtype == np.uint8 and axes in (3, 4)
    if not is_pixels and (axes not in (2, 3) or x.dtype.kind not in "biuf"):
        moved = ".transpose(0, 2, 3, 1)" if axes == 4 and order_of(x.shape) is Order.FIRST else ""
        raise DataError(
            f"x of {split} is {x.dtype} {x.shape}; expected uint8 images (n, height, width[, "
            "channels]), or numbers (n, features) or (n, steps, channels)",
            fix=f"pixels: scale them to 0-255 and save x{moved}.astype('uint8'); else: give each "
            "sample a row of numbers",
        )
    if 0 in x.shape:
        raise DataError(f"x of {split} is {x.shape}: nothing", fix="save some samples")
    if not is_pixels:
        return x
    if axes == 4:
        _check_axes(x, split)
    if isinstance(x, ReadImages):
        return x if axes == 4 else x.reshaped((*x.shape, 1))
    return np.ascontiguousarray(x if axes == 4 else x[..., np.newaxis])


def _check_axes(x: "Images", split: str) -> None:
    """A DataError for images whose channels come first, a warning where they may."""
    from fmtool.data.reading.channel_order import Order, order_of
    from fmtool.notices import warn

    _, height, width, channels = x.shape
    read = f"x of {split} is {x.shape}, read as {height}x{width} pixels of {channels} channels"
    match order_of(x.shape):
        case Order.FIRST:
            raise DataError(
                f"{read}: its channels come first, and have to come last",
                fix="save x.transpose(0, 2, 3, 1)",
            )
        case Order.UNCERTAIN:
            warn(f"{read}: if the channels come first, save x.transpose(0, 2, 3, 1)")


def _element(x: "Images") -> "Element":
    """What one of the checked samples is."""
    from fmtool.data.samples.images import pixels_of
    from fmtool.elements import Features

    return pixels_of(x) if x.dtype == "uint8" and len(x.shape) == 4 else Features(x.shape[1:])


def _class_names(values: Any) -> tuple[str, ...] | None:
    fix = "save numpy.array(names, dtype=str), a name for each label value in order"
    names = _texts(_CLASS_NAMES, values, fix)
    if names is None:
        return None
    if len(set(names)) < len(names):
        raise DataError(f"{len(names)} class_names, {len(set(names))} different", fix=fix)
    for group in naming.spellings(dict.fromkeys(names, 0)):
        said = " and ".join(f"'{name}'" for name in group)
        raise DataError(f"class_names: {said} are spellings of one class", fix=fix)
    return names


def _texts(what: str, values: Any, fix: str) -> tuple[str, ...] | None:
    """The strings of an array that is called `what`; DataError for anything else."""
    if values is None:
        return None
    if values.ndim != 1 or values.dtype.kind != "U":
        raise DataError(f"{what} are {values.dtype} {values.shape}, expected strings", fix=fix)
    names = tuple(naming.written(str(name)) for name in values)
    for name in names:
        if not name or not name.isprintable():
            raise DataError(f"{what}: name {name!r} is empty or not printable", fix=fix)
    return names
