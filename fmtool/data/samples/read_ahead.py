"""Reads batches of images in threads, ahead of their use, in order and in bounded memory."""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import Images, Stored
from fmtool.trees import leaves, mapped

_AHEAD = 2
"""Batches read, or being read, beside the one in use."""
_BLOCK_BYTES = 1 << 24

Batch = tuple[Any, list[Future[None]]]
"""The arrays that are being filled, and the jobs that fill them."""


def cores() -> int:
    """The number this process may use; decoding, unlike convolutions, gains by hyperthreads."""
    return len(os.sched_getaffinity(0))


def read_ahead(
    samples: Stored,
    batches: Iterable[NDArray[np.integer[Any]]],
    *,
    workers: int | None = None,
) -> Generator[Any, None, None]:
    """The samples of the rows of each batch, an array or a mapping of arrays as `samples` are.

    Memory is that of three batches.

    Each batch is shared out among the threads, which end with the iterator. An error is raised in
    the place of the batch that it belongs to.

    Args:
        workers: threads; None for as many as there are cores.
    """
    threads = workers or cores()
    pending: deque[Batch] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="images")
    try:
        for rows in batches:
            pending.append(_begin(pool, samples, rows, threads))
            if len(pending) > _AHEAD:
                yield _finished(pending.popleft())
        while pending:
            yield _finished(pending.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def read_blocks(images: Images, *, multiple_of: int = 1) -> Iterator[NDArray[Any]]:
    """All rows in order, in arrays of some 16 MiB.

    Args:
        multiple_of: so many rows are in one array, or a multiple; the last may have fewer.
    """
    count = len(images)
    size = block_rows(images, multiple_of=multiple_of)
    starts = range(0, count, size)
    yield from read_ahead(images, (np.arange(i, min(i + size, count)) for i in starts))


def read_all(images: Images) -> NDArray[Any]:
    """Every row in one array."""
    held = np.empty(images.shape, images.dtype)
    size = block_rows(images)
    for number, block in enumerate(read_blocks(images)):
        held[number * size : number * size + len(block)] = block
    return held


def block_rows(images: Images, *, multiple_of: int = 1) -> int:
    """The number of rows that `read_blocks` gives at a time."""
    row_bytes = max(1, int(np.prod(images.shape[1:])) * images.dtype.itemsize)
    return multiple_of * max(1, _BLOCK_BYTES // row_bytes // multiple_of)


def _begin(
    pool: ThreadPoolExecutor, samples: Stored, rows: NDArray[np.integer[Any]], threads: int
) -> Batch:
    batch = mapped(lambda each: np.empty((len(rows), *each.shape[1:]), each.dtype), samples)
    pairs = list(zip(leaves(batch), leaves(samples), strict=True))

    def fill(part: slice) -> None:
        for array, images in pairs:
            array[part] = images[rows[part]]

    size = max(1, -(-len(rows) // threads))
    parts = (slice(start, start + size) for start in range(0, len(rows), size))
    return batch, [pool.submit(fill, part) for part in parts]


def _finished(batch: Batch) -> Any:
    samples, parts = batch
    for part in parts:
        part.result()
    return samples
