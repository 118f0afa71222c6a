"""Subj: 10,000 sentences on movies, half of them opinions, without a test split."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import LocalTextConfig
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.splitting.splits import Splits

__all__ = ["INFO", "KIND", "Config", "fit", "load", "restore"]

_FILES = {"subj.objective": ("objective", 5000), "subj.subjective": ("subjective", 5000)}


class Config(LocalTextConfig):
    name: Literal["subj"]


INFO = SetInfo(
    name="subj",
    title="Subjective and objective sentences",
    licence="none stated by the authors",
    citation="B. Pang and L. Lee, A sentimental education: sentiment analysis using subjectivity "
    "summarization based on minimum cuts, ACL 2004",
    homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data/",
    target=Label(("objective", "subjective")),
    image_shape=None,
    train_size=10_000,
    test_size=0,
    download_bytes=0,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    """Published scores are means over ten folds; see `conf/data/subj.yaml`."""
    from fmtool.data.fetching.sentence_sets import load_class_files

    return load_class_files(cfg, _FILES)
