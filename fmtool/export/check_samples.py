"""samples.npz of a bundle: some held-out samples, and what the run's network gives for them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import npyio
from numpy.typing import NDArray

from fmtool.errors import DataError, raise_if_used_up
from fmtool.export import outputs, parity
from fmtool.export.metadata import Metadata

SAMPLES = "samples"


def pack(samples: Path, reference: Path, metadata: Metadata, *, most: int) -> bytes:
    """The content of the file, the same for the same samples and answers.

    Args:
        samples: a .npy file of all that the exported files were tried on.
        reference: the folder of what the run's network gave for them.
        most: samples, spread over all there are.
    """
    held_out = np.load(samples, mmap_mode="r", allow_pickle=False)
    count = len(held_out)
    rows = np.linspace(0, count - 1, min(most, count), dtype=np.int64)
    named = parity.compared_names(metadata.outputs)
    arrays: dict[str, Any] = {name: outputs.read(reference, name)[rows] for name in named}
    target = io.BytesIO()
    np.savez(target, **arrays, **{SAMPLES: held_out[rows]})
    return target.getvalue()


def unpack(path: Path) -> dict[str, NDArray[Any]]:
    """`samples`, and by name what the files give for them; DataError if damaged."""
    try:
        with np.load(path, allow_pickle=False) as found:
            assert isinstance(found, npyio.NpzFile)
            arrays = {name: found[name] for name in found.files}
        lengths = {len(values) for values in arrays.values()}
    # NumPy raises anything for damaged bytes, and for shapes that no memory holds.
    except Exception as error:
        raise_if_used_up(error)
        said = str(error).splitlines() or [type(error).__name__]
        raise DataError(f"{path.name} of the bundle cannot be read: {said[0][:200]}") from error
    if len(lengths) != 1 or len(arrays) < 2 or SAMPLES not in arrays:
        raise DataError(f"{path.name} of the bundle holds no samples with answers")
    return arrays
