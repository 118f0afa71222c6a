"""The storage of samples while training: on the device, in main memory, or on disk."""

import math
from collections.abc import Iterable
from typing import Any, Literal

from fmtool.data.samples.images import is_in_memory
from fmtool.data.samples.read_ahead import read_all
from fmtool.data.splitting.splits import Split
from fmtool.machine.memory import MAX_FRACTION, available
from fmtool.trees import leaves, mapped

Storage = Literal["auto", "device", "host", "stream"]
Place = Literal["device", "host", "stream"]

_UNKNOWN_GPU_BYTES = 1 << 31
"""The memory taken to be free on a GPU whose backend does not say; every one in use has more."""


def resolve(storage: Storage, *, size: int, device_bytes: int, host_bytes: float) -> Place:
    """`storage`, with `auto` replaced by the fastest place that has room.

    Args:
        size: bytes of all the samples and targets that are trained and validated on.
        device_bytes: free on the device, see `free_on_device`.
        host_bytes: free in main memory; infinite where the samples lie there already.
    """
    if storage != "auto":
        return storage
    if size <= MAX_FRACTION * device_bytes:
        return "device"
    return "host" if size <= MAX_FRACTION * host_bytes else "stream"


def place_of(storage: Storage, splits: Iterable[Split], *, device: str) -> Place:
    """The place for the samples of `splits`, each of them once; needs Keras' backend."""
    splits = list(splits)
    is_held = all(is_in_memory(each) for split in splits for each in leaves(split.x))
    return resolve(
        storage,
        size=sum(split.nbytes for split in splits),
        device_bytes=free_on_device(device),
        host_bytes=math.inf if is_held else available(),
    )


def in_memory(split: Split) -> Split:
    """With all its samples in main memory, as the place `host` has them."""
    if all(map(is_in_memory, leaves(split.x))):
        return split
    x = mapped(lambda each: each if is_in_memory(each) else read_all(each), split.x)
    return Split(x, split.y)


def free_on_device(device: str) -> int:
    """Bytes that a table could take: on the CPU of main memory, on a GPU of its own.

    Args:
        device: `cpu` or `gpu`.
    """
    if device == "cpu":
        return available()
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        stats: dict[str, Any] | None = jax.local_devices()[0].memory_stats()
        return stats["bytes_limit"] - stats["bytes_in_use"] if stats else _UNKNOWN_GPU_BYTES
    if backend == "torch":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    return _UNKNOWN_GPU_BYTES
