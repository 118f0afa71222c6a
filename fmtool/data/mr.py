"""MR: 10,662 sentences of movie reviews, half of them positive, without a test split."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import LocalTextConfig
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.splitting.splits import Splits

__all__ = ["INFO", "KIND", "Config", "fit", "load", "restore"]

_FILES = {"rt-polarity.neg": ("negative", 5331), "rt-polarity.pos": ("positive", 5331)}


class Config(LocalTextConfig):
    name: Literal["mr"]


INFO = SetInfo(
    name="mr",
    title="Movie review sentences",
    licence="none stated by the authors",
    citation="B. Pang and L. Lee, Seeing stars: exploiting class relationships for sentiment "
    "categorization with respect to rating scales, ACL 2005",
    homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
    target=Label(("negative", "positive")),
    image_shape=None,
    train_size=10_662,
    test_size=0,
    download_bytes=0,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    """Published scores are means over ten folds; see `conf/data/mr.yaml`."""
    from fmtool.data.fetching.sentence_sets import load_class_files

    return load_class_files(cfg, _FILES)
