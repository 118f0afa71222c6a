"""pictures/ of a bundle: pictures of other sizes, and what the run's network gives for them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.export import bundle, outputs, parity
from fmtool.export.export_job import REFERENCE_PICTURES
from fmtool.export.metadata import Metadata
from fmtool.runs.strict_json import encode

ANSWERS = f"{bundle.PICTURES}/answers.json"


def pack(pictures: Sequence[Path], drafts: Path, metadata: Metadata) -> dict[str, bytes]:
    """Members by name; none where there are no pictures.

    Args:
        drafts: of the export, with the answers of the run's network.
    """
    if not pictures:
        return {}
    named = parity.compared_names(metadata.outputs)
    named.sort(key=lambda name: metadata.outputs[name].compare != "equal")
    found = {name: outputs.read(drafts / REFERENCE_PICTURES, name).tolist() for name in named}
    rows = [
        {"file": path.name, **{name: values[row] for name, values in found.items()}}
        for row, path in enumerate(pictures)
    ]
    members = {f"{bundle.PICTURES}/{path.name}": path.read_bytes() for path in pictures}
    return {**members, ANSWERS: encode({"pictures": rows}).encode()}


def expected(rows: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """The outputs of the run, by name, for `pictures` in answers.json."""
    return {name: np.array([row[name] for row in rows]) for name in rows[0] if name != "file"}
