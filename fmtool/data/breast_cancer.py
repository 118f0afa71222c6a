"""Breast tumours: 569 rows of 30 numbers, malignant or benign."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.reading.local import HeldOutConfig
from fmtool.elements import SampleKind
from fmtool.targets import Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.splitting.splits import Splits

KIND: SampleKind = "features"


class Config(HeldOutConfig):
    name: Literal["breast_cancer"]


_MEASURED = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave points", "symmetry", "fractal dimension",
)  # fmt: skip

INFO = SetInfo(
    name="breast_cancer",
    title="Wisconsin breast cancer, diagnostic: cell nuclei of tumours",
    licence="CC BY 4.0",
    citation="W. Wolberg, O. Mangasarian, N. Street and W. Street, Breast Cancer Wisconsin "
    "(Diagnostic), UCI Machine Learning Repository, 1993, doi:10.24432/C5DW2B",
    homepage="https://archive.ics.uci.edu/dataset/17",
    target=Label(("malignant", "benign")),
    image_shape=None,
    train_size=569,
    test_size=0,
    download_bytes=0,
    digests=None,
    columns=(
        *(f"mean {name}" for name in _MEASURED),
        *(f"{name} error" for name in _MEASURED),
        *(f"worst {name}" for name in _MEASURED),
    ),
)

_SHA256 = "cdd5f37c36cbdfc2e5ee074cec7540fac54340874afb25917a673e446270d0d0"


def load(cfg: Config) -> "Splits":
    """The first line of the file has its size and the names of the classes."""
    import numpy as np

    from fmtool.data.shipped.reading import file_of, read_numbers, to_splits

    table = read_numbers(file_of("breast_cancer.csv.gz"), delimiter=",", skipped=1)
    return to_splits(cfg, INFO, table[:, :-1], table[:, -1].astype(np.int32), _SHA256)


def fit(cfg: Config, splits: "Splits", rows: "NDArray[np.int32]") -> "Splits":
    """Numbers as float32; see `number_splits.fit`."""
    from fmtool.data.splitting import number_splits

    return number_splits.fit(splits, rows)


def restore(cfg: Config, splits: "Splits", artifacts: Mapping[str, str]) -> "Splits":
    """Numbers as float32 as in a run; see `number_splits.restore`."""
    from fmtool.data.splitting import number_splits

    return number_splits.restore(splits, artifacts, origin=cfg.name)
