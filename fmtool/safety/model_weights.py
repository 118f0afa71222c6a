"""Looks through the HDF5 file of a model's weights before Keras follows anything in it.

A link can lead to another file, a data set can keep its values in one or declare far more of them
than are stored. Keras writes numbers, unfiltered, in groups; nothing else is accepted.
"""

import math
from typing import Any, BinaryIO

from fmtool.errors import DataError, Refused

_MAX_OBJECTS = 1_000_000
_NUMERIC = "biufcV"
"""NumPy's kinds; V holds bfloat16."""


class _Unfit(Exception):
    """The reason not to load the weights, as the rest of a sentence."""


def check(file: BinaryIO, *, origin: str) -> int:
    """The count of numbers that are stored in an HDF5 file.

    Raises:
        Refused: links, storage outside the file, arrays larger than what is stored of them.
        DataError: not HDF5, or damaged.
    """
    import h5py

    try:
        with h5py.File(file, "r") as weights:
            return _count(weights)
    except _Unfit as reason:
        raise Refused(
            f"{origin}: its weights {reason}", fix="delete the file unless you trust who made it"
        ) from reason
    # What h5py raises for damage depends on the byte.
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise DataError(f"{origin}: its weights are damaged", fix="train again") from error


def _count(weights: Any) -> int:
    import h5py

    count = 0
    seen: set[object] = set()
    pending = [weights]
    while pending:
        group = pending.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _Unfit("hold a link to somewhere else")
            opened = h5py.h5o.open(group.id, name.encode())
            address = h5py.h5o.get_info(opened).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MAX_OBJECTS:
                raise _Unfit(f"hold more than {_MAX_OBJECTS:,} objects")
            if isinstance(opened, h5py.h5g.GroupID):
                pending.append(h5py.Group(opened))
            elif isinstance(opened, h5py.h5d.DatasetID):
                count += _numbers(opened)
            else:
                raise _Unfit("hold something else than arrays")
    return count


def _numbers(dataset: Any) -> int:
    """The count of numbers that a data set holds; _Unfit unless it holds them itself."""
    import h5py

    # First how it is stored: to ask a virtual one for its shape opens the files it names.
    storage = dataset.get_create_plist()
    if storage.get_layout() == h5py.h5d.VIRTUAL or storage.get_external_count():
        raise _Unfit("are kept in another file")
    if storage.get_nfilters():
        raise _Unfit("are compressed, which Keras does not do")
    if dataset.dtype.kind not in _NUMERIC:
        raise _Unfit("hold something else than numbers")
    count: int = math.prod(dataset.shape)
    if count * dataset.dtype.itemsize > dataset.get_storage_size():
        raise _Unfit(f"declare {count:,} numbers that are not there")
    return count
