"""Handwritten digits: 1,797 images of 8x8 pixels, nothing to download."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import DataConfig, SetInfo
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.splitting.splits import Splits


class Config(DataConfig):
    name: Literal["digits"]


INFO = SetInfo(
    name="digits",
    title="Optical recognition of handwritten digits (test part)",
    licence="CC BY 4.0",
    citation="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49",
    homepage="https://archive.ics.uci.edu/dataset/80",
    target=Label(tuple("0123456789")),
    image_shape=(8, 8, 1),
    train_size=1442,
    test_size=355,
    download_bytes=0,
    digests={
        "x_train": "238ffe25c90c1cd4aed363476e5c5e67528a279b6cca8e7c046a90f6f2dd4eb8",
        "y_train": "a2e9b5aad772889452f916b3583eb978fb46384ff7116fda4a634c7c4caa4586",
        "x_test": "208645cd23e830184fd2fd044f441db9e420ba10f04e1caaee49bc0bb5941240",
        "y_test": "ae868ceb6e5b065cfdba65e639e01c0dbb262d32bea34ba86eab9eb6eddd8d59",
    },
    pixel_max=16,
)


def load(cfg: Config) -> "Splits":
    """Every fifth image of a class is a test image: the copy has no split of its own."""
    import numpy as np

    from fmtool.data.fetching.four_arrays import Arrays, verify
    from fmtool.data.shipped.reading import REINSTALL, file_of, read_numbers

    path = file_of("digits.csv.gz")
    table = read_numbers(path, delimiter=",").astype(np.uint8)
    images, labels = table[:, :-1].reshape(-1, 8, 8, 1), table[:, -1].astype(np.int32)
    rank = np.zeros(len(labels), dtype=np.intp)
    for label in range(10):
        rows = np.flatnonzero(labels == label)
        rank[rows] = np.arange(len(rows))
    is_test = rank % 5 == 4
    arrays = Arrays(images[~is_test], labels[~is_test], images[is_test], labels[is_test])
    digests = verify(arrays, INFO, origin=str(path), fix=REINSTALL, expected=INFO.digests)
    return arrays.to_splits(INFO, digests)
