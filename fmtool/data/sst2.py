"""SST-2: sentences of movie reviews, positive or negative, as they stand in the treebank."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import PathTextConfig
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.splitting.splits import Splits

__all__ = ["INFO", "KIND", "Config", "fit", "load", "restore"]

_FILES = {
    "stsa.binary.train": ("train", 6920),
    "stsa.binary.dev": ("validation", 872),
    "stsa.binary.test": ("test", 1821),
}
_CLASSES = {"0": "negative", "1": "positive"}


class Config(PathTextConfig):
    name: Literal["sst2"]


INFO = SetInfo(
    name="sst2",
    title="Stanford sentiment treebank, two classes",
    licence="none stated by the authors",
    citation="R. Socher et al., Recursive deep models for semantic compositionality over a "
    "sentiment treebank, EMNLP 2013",
    homepage="https://nlp.stanford.edu/sentiment/",
    target=Label(("negative", "positive")),
    image_shape=None,
    train_size=6920,
    test_size=1821,
    download_bytes=0,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    """Whole sentences: published scores are mostly of training on their phrases too."""
    from fmtool.data.fetching.sentence_sets import load_split_files

    return load_split_files(cfg, _FILES, _parse)


def _parse(line: str) -> tuple[str, str]:
    label, sentence = line.split(" ", 1)
    return _CLASSES[label], sentence
