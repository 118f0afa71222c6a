"""TREC: 5,952 questions by what is asked for, such as a place or a number."""

from typing import TYPE_CHECKING, Literal

from fmtool.data.base import SetInfo
from fmtool.data.tokenization.text_base import KIND, fit, restore
from fmtool.data.tokenization.text_config import PathTextConfig
from fmtool.targets import Label

if TYPE_CHECKING:
    from fmtool.data.splitting.splits import Splits

__all__ = ["INFO", "KIND", "Config", "fit", "load", "restore"]

_FILES = {"TREC.train": ("train", 5452), "TREC.test": ("test", 500)}


class Config(PathTextConfig):
    name: Literal["trec"]


INFO = SetInfo(
    name="trec",
    title="TREC questions, six classes",
    licence="none stated by the authors",
    citation="X. Li and D. Roth, Learning question classifiers, COLING 2002",
    homepage="https://cogcomp.seas.upenn.edu/Data/QA/QC/",
    target=Label(("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")),
    image_shape=None,
    train_size=5452,
    test_size=500,
    download_bytes=0,
    digests=None,
)


def load(cfg: Config) -> "Splits":
    """The coarse classes; their 50 parts are not told apart."""
    from fmtool.data.fetching.sentence_sets import load_split_files

    return load_split_files(cfg, _FILES, _parse)


def _parse(line: str) -> tuple[str, str]:
    label, question = line.split(" ", 1)
    coarse, _fine = label.split(":")
    return coarse, question
