"""Reuters: 11,228 newswires by topic, as Keras has them: words are numbers, not letters."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import TextConfig, require_library
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.splitting.splits import Splits

__all__ = ["INFO", "KIND", "Config", "fit", "load", "recipe", "restore"]

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/reuters.npz"
_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_SEED, _TEST_SHARE = 113, 0.2
"""Seed and share of the split that keras.datasets.reuters makes."""

_TOPICS = (
    "cocoa",
    "grain",
    "veg-oil",
    "earn",
    "acq",
    "wheat",
    "copper",
    "housing",
    "money-supply",
    "coffee",
    "sugar",
    "trade",
    "reserves",
    "ship",
    "cotton",
    "carcass",
    "crude",
    "nat-gas",
    "cpi",
    "money-fx",
    "interest",
    "gnp",
    "meal-feed",
    "alum",
    "oilseed",
    "gold",
    "tin",
    "strategic-metal",
    "livestock",
    "retail",
    "ipi",
    "iron-steel",
    "rubber",
    "heat",
    "jobs",
    "lei",
    "bop",
    "zinc",
    "orange",
    "pet-chem",
    "dlr",
    "gas",
    "silver",
    "wpi",
    "hog",
    "lead",
)  # fmt: skip


class Config(TextConfig):
    name: Literal["reuters"]
    vectors: None
    """Numbers are words of GloVe's too, and mean something else there."""


INFO = SetInfo(
    name="reuters",
    title="Reuters-21578 newswires, 46 topics",
    licence="for research only",
    citation="D. Lewis, Reuters-21578 text categorization collection, 1987; word numbers by the "
    "authors of Keras",
    homepage="https://keras.io/api/datasets/reuters/",
    target=Label(_TOPICS),
    image_shape=None,
    train_size=8982,
    test_size=2246,
    download_bytes=2_110_848,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    """A word is its rank by how often it occurs, written as a number, such as `27 8 43 10`."""
    from fmtool.data.fetching import acquire

    require_library()
    return acquire.load(recipe(), source=cfg.source)


def recipe() -> "Recipe":
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.download import RemoteFile

    file = RemoteFile("reuters.npz", (_URL,), size=INFO.download_bytes, sha256=_SHA256)
    return Recipe(
        info=INFO,
        official=(file,),
        read_files=lambda folder: _read_npz(folder / file.name),
        accepted="Keras' reuters.npz",
    )


def _read_npz(path: Path) -> "Arrays | None":
    """The split of keras.datasets.reuters, row for row."""
    import io
    import zipfile

    import numpy as np

    from fmtool.data.fetching.download import require_digest
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.fetching.unpickle import read_lists
    from fmtool.data.samples.strings import pack

    if not path.is_file():
        return None
    require_digest(path, _SHA256)
    with zipfile.ZipFile(path) as archive:
        wires = read_lists(archive.read("x.npy"), origin=f"{path.name}, x")
        topics = np.load(io.BytesIO(archive.read("y.npy")), allow_pickle=False)
    rows = np.arange(len(wires))
    np.random.RandomState(_SEED).shuffle(rows)
    texts = [" ".join(map(str, wires[row])) for row in rows]
    labels = topics[rows].astype(np.int32)
    cut = int(len(rows) * (1 - _TEST_SHARE))
    return Arrays(pack(texts[:cut]), labels[:cut], pack(texts[cut:]), labels[cut:])
