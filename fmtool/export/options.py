"""Options for the making of a file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.export.metadata import Metadata

QUANTIZATIONS = ("none", "float16", "dynamic", "int8")
"""Float16 weights; 8-bit weights; 8-bit weights and activations, calibrated."""


@dataclass(frozen=True)
class Options:
    """The options of a format's `convert`.

    Args:
        metadata: goes into the file; it says what is read, given, and how it is quantized.
        calibration: a .npy file of training samples, for int8.
        opset: of ONNX.
        simplify: whether to fold an ONNX graph.
    """

    metadata: Metadata
    calibration: Path | None
    opset: int
    simplify: bool

    @property
    def quantization(self) -> str:
        return self.metadata.quantization

    def calibration_samples(self) -> NDArray[np.generic]:
        """(n, *shape), read on access."""
        assert self.calibration is not None, "the workflow writes it for int8"
        samples: NDArray[np.generic] = np.load(self.calibration, mmap_mode="r", allow_pickle=False)
        return samples
