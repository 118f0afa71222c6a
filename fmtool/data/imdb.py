"""IMDb: 50,000 film reviews, half of them positive, half of them for testing."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import TextConfig, require_library
from fmtool.targets import Label

if TYPE_CHECKING:
    from pathlib import Path

    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.splitting.splits import Splits

__all__ = ["INFO", "KIND", "Config", "fit", "load", "recipe", "restore"]

_ARCHIVE = "aclImdb_v1.tar.gz"
_URL = f"https://ai.stanford.edu/~amaas/data/sentiment/{_ARCHIVE}"
_SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
_MAX_BYTES = 1 << 20
"""The limit for one review; the longest has 14 KB."""


class Config(TextConfig):
    name: Literal["imdb"]


INFO = SetInfo(
    name="imdb",
    title="Large movie review dataset",
    licence="none stated by the authors",
    citation="A. Maas, R. Daly, P. Pham, D. Huang, A. Ng and C. Potts, Learning word vectors for "
    "sentiment analysis, ACL 2011",
    homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
    target=Label(("negative", "positive")),
    image_shape=None,
    train_size=25_000,
    test_size=25_000,
    download_bytes=84_125_825,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    from fmtool.data.fetching import acquire

    require_library()
    return acquire.load(recipe(), source=cfg.source)


def recipe() -> "Recipe":
    """No mirror: the packages that are known to carry the set have its training half alone."""
    from fmtool.data.fetching.acquire import Recipe
    from fmtool.data.fetching.download import RemoteFile

    archive = RemoteFile(_ARCHIVE, (_URL,), size=INFO.download_bytes, sha256=_SHA256)
    return Recipe(
        info=INFO,
        official=(archive,),
        read_files=lambda folder: _read_archive(folder / _ARCHIVE),
        accepted=_ARCHIVE,
    )


def _read_archive(path: "Path") -> "Arrays | None":
    """The reviews by class and number, whatever their order in the archive."""
    import re

    import numpy as np

    from fmtool.data.fetching.archives import tar_matching
    from fmtool.data.fetching.download import require_digest
    from fmtool.data.fetching.four_arrays import Arrays
    from fmtool.data.samples.strings import pack

    if not path.is_file():
        return None
    require_digest(path, _SHA256)
    name = re.compile(r"aclImdb/(train|test)/(neg|pos)/(\d+)_\d+\.txt")
    found: dict[str, dict[tuple[bool, int], str]] = {"train": {}, "test": {}}
    for match, content in tar_matching(path, name, most_bytes=_MAX_BYTES):
        split, label, number = match.groups()
        found[split][label == "pos", int(number)] = content.decode()
    (x_train, y_train), (x_test, y_test) = (
        (pack([reviews[key] for key in sorted(reviews)]), np.array(sorted(reviews))[:, 0])
        for reviews in found.values()
    )
    return Arrays(x_train, y_train.astype(np.int32), x_test, y_test.astype(np.int32))
