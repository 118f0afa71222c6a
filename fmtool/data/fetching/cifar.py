"""The official CIFAR files: pickled batches of rows of 3,072 bytes, red plane first.

Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Dataset layout".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fmtool.data.fetching.archives import tar_members
from fmtool.data.fetching.download import RemoteFile, require_digest
from fmtool.data.fetching.four_arrays import Arrays
from fmtool.data.fetching.unpickle import read_batch
from fmtool.errors import DataError

_MAX_BATCH_BYTES = 160_000_000


@dataclass(frozen=True)
class Layout:
    """The layout of one of the two CIFAR sets.

    Args:
        folder: the folder in the archive.
        train: the names of the training batches, in the canonical order.
        archive_names: what the archive is called, by its authors and in Keras' cache.
    """

    folder: str
    train: tuple[str, ...]
    test: str
    labels_key: bytes
    archive: RemoteFile
    archive_names: tuple[str, ...]


def read_archive(folder: Path, layout: Layout) -> Arrays | None:
    """From the official archive, if `folder` holds it under one of its names."""
    candidates = (folder / name for name in layout.archive_names)
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        return None
    require_digest(path, layout.archive.sha256)
    members = {f"{layout.folder}/{name}": name for name in (*layout.train, layout.test)}
    contents = tar_members(path, dict.fromkeys(members, _MAX_BATCH_BYTES))
    return to_arrays(((members[name], content) for name, content in contents), layout, str(path))


def read_batches(folder: Path, layout: Layout) -> Arrays | None:
    """From the extracted batch files, if `folder` holds all of them."""
    paths = [folder / layout.folder / name for name in (*layout.train, layout.test)]
    if not all(path.is_file() for path in paths):
        return None
    return to_arrays(((path.name, _content(path)) for path in paths), layout, str(paths[0].parent))


def to_arrays(batches: Iterable[tuple[str, bytes]], layout: Layout, origin: str) -> Arrays:
    """From name and content of every batch file, in any order."""
    images, labels = {}, {}
    for name, content in batches:
        rows, labels[name] = read_batch(
            content, labels_key=layout.labels_key, origin=f"{origin}, {name}"
        )
        images[name] = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Arrays(
        x_train=np.ascontiguousarray(np.concatenate([images[name] for name in layout.train])),
        y_train=np.concatenate([labels[name] for name in layout.train]),
        x_test=np.ascontiguousarray(images[layout.test]),
        y_test=labels[layout.test],
    )


def _content(path: Path) -> bytes:
    if path.stat().st_size > _MAX_BATCH_BYTES:
        raise DataError(f"{path} is too large for a CIFAR batch", fix="delete it")
    return path.read_bytes()
