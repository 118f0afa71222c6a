"""The user's own arrays: uint8 images and integer labels in one .npz file of numpy's."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from fmtool.data.local import LocalConfig, existing, is_held
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmtool.data.images import Images
    from fmtool.data.splits import Split, Splits
    from fmtool.data.stored_images import StoredImages

_SPLITS = ("train", "validation", "test")
_CLASS_NAMES = "class_names"


class Config(LocalConfig):
    name: Literal["npz"]


def load(cfg: Config) -> "Splits":
    """The arrays `x` and `y`, or `x_train`, `y_train` and so on.

    Raises:
        DataError: what is wrong with them.
        OutOfMemory: they do not fit into memory, and cannot stay in the file, being compressed.
    """
    from fmtool.data.array_files import open_npz
    from fmtool.data.images import is_in_memory, pixels_of
    from fmtool.data.local_splits import to_splits
    from fmtool.notices import note, warn

    path = existing(cfg.path)
    images = [f"x{suffix}" for suffix in ("", *(f"_{split}" for split in _SPLITS))]
    arrays = open_npz(path, images=images, is_held=partial(is_held, cfg))
    try:
        names = _class_names(arrays.pop(_CLASS_NAMES, None))
        parts, class_names = _parts(_by_split(arrays), names)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", fix=error.fix) from error
    splits = to_splits(
        cfg,
        class_names,
        parts,
        element=pixels_of(parts["train"].x),
        origin=str(path),
        is_held=False,
    )
    if cfg.storage == "stream" and any(is_in_memory(part.x) for part in parts.values()):
        warn(f"{path} is compressed: it was read into memory; numpy.savez does not compress")
    count = sum(len(part) for part in parts.values())
    note(f"{cfg.name}: {count} images of {len(class_names)} classes in {path}")
    return splits


def _by_split(arrays: "Mapping[str, Any]") -> "dict[str, tuple[Any, NDArray[Any]]]":
    """Images and labels of each split; `x` and `y` alone are the training split."""
    suffixes = {"train": ""} if "x" in arrays else {split: f"_{split}" for split in _SPLITS}
    accepted = [f"{axis}{suffix}" for suffix in suffixes.values() for axis in "xy"]
    for name in arrays:
        if name not in accepted:
            fix = did_you_mean(name, [*accepted, _CLASS_NAMES])
            raise DataError(f"unknown array '{name}'", fix=fix)
    found = {}
    for split, suffix in suffixes.items():
        x, y = f"x{suffix}", f"y{suffix}"
        if split != "train" and x not in arrays and y not in arrays:
            continue
        for name in (x, y):
            if name not in arrays:
                raise DataError(
                    f"no array '{name}'; found {', '.join(arrays) or 'none'}",
                    fix="save images as x or x_train, and labels as y or y_train",
                )
        found[split] = arrays[x], arrays[y]
    return found


def _parts(
    arrays: "Mapping[str, tuple[NDArray[Any] | StoredImages, NDArray[Any]]]",
    names: tuple[str, ...] | None,
) -> "tuple[dict[str, Split], tuple[str, ...]]":
    """The checked splits and the names of the classes, their numbers where `names` is None."""
    import numpy as np

    from fmtool.data.labels import require_all_classes, to_labels
    from fmtool.data.splits import Split

    images = {split: _images(x, split) for split, (x, _) in arrays.items()}
    for split, (x, y) in arrays.items():
        if len(x) != y.size:
            raise DataError(f"{split}: x {len(x)}, y {y.size}", fix="give each image one label")
        if images[split].shape[1:] != images["train"].shape[1:]:
            sizes = [_size(images[each]) for each in ("train", split)]
            raise DataError(
                f"images of train are {sizes[0]}, of {split} {sizes[1]}", fix="give all one shape"
            )
    # Labels that are numbered without a gap are all smaller than there are different ones.
    distinct = len(np.unique(arrays["train"][1]))
    class_names = names or tuple(map(str, range(distinct)))
    labels = {
        split: to_labels(y, num_classes=len(class_names), split=split)
        for split, (_, y) in arrays.items()
    }
    require_all_classes(labels["train"], class_names, "train")
    return {split: Split(images[split], labels[split]) for split in images}, class_names


def _images(x: "NDArray[Any] | StoredImages", split: str) -> "Images":
    """`x` as uint8 (n, height, width, channels); a channel axis is added where there is none."""
    import numpy as np

    if not isinstance(x, np.ndarray):
        return x
    if x.dtype != np.uint8 or x.ndim not in (3, 4):
        raise DataError(
            f"images of {split} are {x.dtype} {x.shape}, expected uint8 (n, height, width) or "
            "(n, height, width, channels)",
            fix="scale the pixels to 0-255 and save them with .astype('uint8')",
        )
    if not x.size:
        raise DataError(f"images of {split} are {x.shape}: none", fix="save some images")
    return np.ascontiguousarray(x if x.ndim == 4 else x[..., np.newaxis])


def _size(x: "Images") -> str:
    return "x".join(map(str, x.shape[1:]))


def _class_names(values: Any) -> tuple[str, ...] | None:
    if values is None:
        return None
    fix = "save numpy.array(names, dtype=str), a name for each label value in order"
    if values.ndim != 1 or values.dtype.kind != "U":
        raise DataError(f"class_names are {values.dtype} {values.shape}, expected strings", fix=fix)
    names = tuple(str(name) for name in values)
    for name in names:
        if not name or not name.isprintable():
            raise DataError(f"class name {name!r} is empty or not printable", fix=fix)
    if len(set(names)) < len(names):
        raise DataError(f"{len(names)} class_names, {len(set(names))} different", fix=fix)
    return names
