"""The keys of tokens, which all data sets of texts have."""

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from fmtool import extras
from fmtool.config.base import PositiveInt
from fmtool.data.base import DataConfig
from fmtool.data.reading.local import LocalConfig, PathConfig
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

TrainedKind = Literal["word", "whitespace", "bpe", "wordpiece"]
"""`word` tells words and punctuation apart, `whitespace` takes what stands between spaces."""

FEWEST_BYTES = 258
"""Tokens of `bpe`: each byte, padding and unknown."""


def _known(tokenizer: str) -> str:
    if tokenizer not in get_args(TrainedKind) and not tokenizer.endswith(".json"):
        hint = did_you_mean(tokenizer, get_args(TrainedKind), otherwise="or a FILE.json")
        raise ValueError(f"no tokenizer is called '{tokenizer}'; {hint}")
    return tokenizer


class TextConfig(DataConfig):
    tokenizer: Annotated[str, AfterValidator(_known)]
    """A `TrainedKind`, or a tokenizer.json of Hugging Face's library."""
    vocabulary_size: Annotated[int, Field(ge=3, le=1 << 22)]
    lowercase: bool
    min_frequency: PositiveInt
    length: Annotated[int, Field(gt=0, le=1 << 16)] | Literal["auto"]
    """In tokens: every text is cut or padded to it."""
    truncate: Literal["end", "start"]
    vectors: Annotated[str, Field(min_length=1)] | None

    @property
    def trained_kind(self) -> TrainedKind | None:
        """None where the tokenizer is read from a file."""
        return next((kind for kind in get_args(TrainedKind) if kind == self.tokenizer), None)

    @model_validator(mode="after")
    def _has_room_for_bytes(self) -> Self:
        if self.tokenizer == "bpe" and self.vocabulary_size < FEWEST_BYTES:
            raise ValueError(
                f"vocabulary_size={self.vocabulary_size} is too small for tokenizer=bpe, which "
                f"has a token for each byte; raise data.vocabulary_size to {FEWEST_BYTES} or more"
            )
        return self


class PathTextConfig(TextConfig, PathConfig):
    """The keys of texts on the user's own disk, with a test split."""


class LocalTextConfig(TextConfig, LocalConfig):
    """The keys of texts on the user's own disk, with or without a test split."""


def require_library() -> None:
    """UsageError where texts cannot be tokenized."""
    import importlib.util

    if importlib.util.find_spec("tokenizers") is None:
        raise UsageError("texts need the package tokenizers", fix=extras.install("tokenizers"))
