"""Diabetes patients: 442 rows of 10 numbers, and how their disease went on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.reading.local import HeldOutConfig
from fmtool.elements import SampleKind
from fmtool.targets import Numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.splitting.splits import Splits

KIND: SampleKind = "features"


class Config(HeldOutConfig):
    name: Literal["diabetes"]


INFO = SetInfo(
    name="diabetes",
    title="Diabetes patients and the progression of their disease after a year",
    licence="none stated by the authors",
    citation="B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Least angle regression, "
    "Annals of Statistics 32(2), 2004",
    homepage="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
    target=Numbers(("progression",), (1,)),
    image_shape=None,
    train_size=442,
    test_size=0,
    download_bytes=0,
    digests=None,
    columns=("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
)

_SHA256 = "e9c1f7559552854a24dc45b41c446ce5f79f96e5da081bcce24b57492720b3f7"


def load(cfg: Config) -> "Splits":
    """The numbers as they were measured, not as scikit-learn scales them."""
    from fmtool.data.shipped.reading import file_of, read_numbers, to_splits

    x = read_numbers(file_of("diabetes_data_raw.csv.gz"), delimiter=None)
    y = read_numbers(file_of("diabetes_target.csv.gz"), delimiter=None)
    return to_splits(cfg, INFO, x, y, _SHA256)


def fit(cfg: Config, splits: "Splits", rows: "NDArray[np.int32]") -> "Splits":
    """Numbers as float32; see `number_splits.fit`."""
    from fmtool.data.splitting import number_splits

    return number_splits.fit(splits, rows)


def restore(cfg: Config, splits: "Splits", artifacts: Mapping[str, str]) -> "Splits":
    """Numbers as float32 as in a run; see `number_splits.restore`."""
    from fmtool.data.splitting import number_splits

    return number_splits.restore(splits, artifacts, origin=cfg.name)
