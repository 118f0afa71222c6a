"""Tokenizers of Hugging Face's library: trained, or loaded from a file of anybody's.

Trained ones depend on the texts alone: equal texts give equal bytes, in any process and with any
number of threads. Token 0 is padding, token 1 stands for what is unknown.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.silence import native_stderr_hidden
from fmtool.data.tokenization import word_pieces
from fmtool.data.tokenization.text_config import TrainedKind
from fmtool.data.tokenization.word_pieces import PADDING, UNKNOWN
from fmtool.errors import DataError

_AT_ONCE = 1000
"""Texts; what the library keeps of each while it works is many times as large."""
_MAX_TOKENS = 1 << 22
_MAX_BYTES = 1 << 26
_FIX = "take one that the tokenizers library has written, with padding as token 0"


def train(
    kind: TrainedKind,
    texts: Sequence[str],
    *,
    vocabulary_size: int,
    min_frequency: int,
    lowercase: bool,
) -> Any:
    """A tokenizer with at most `vocabulary_size` tokens, the most frequent ones.

    Args:
        min_frequency: how often a word, or two parts of a word side by side, must occur.
    """
    from tokenizers import Tokenizer, normalizers

    tokenizer = Tokenizer(_model(kind))
    tokenizer.pre_tokenizer = _splitter(kind)
    tokenizer.normalizer = normalizers.NFC()
    if lowercase:
        steps = [normalizers.NFC(), normalizers.Lowercase()]
        tokenizer.normalizer = normalizers.Sequence(steps)
    if kind == "wordpiece":
        words = _words(tokenizer, texts)
        pieces = word_pieces.vocabulary(
            words, vocab_size=vocabulary_size, min_frequency=min_frequency
        )
        tokenizer.model = _model(kind, pieces)
        return tokenizer
    tokenizer.train_from_iterator(texts, trainer=_trainer(kind, vocabulary_size, min_frequency))
    return _without_special_tokens(tokenizer)


def _without_special_tokens(tokenizer: Any) -> Any:
    """They would be looked for in texts, which may hold `[PAD]` like any other word.

    If they do, the trainer for words numbers it again, as the word that it is.
    """
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = []
    numbers = document["model"]["vocab"]
    words = [word for word in sorted(numbers, key=numbers.get) if word not in (PADDING, UNKNOWN)]
    vocabulary = {word: number for number, word in enumerate([PADDING, UNKNOWN, *words])}
    document["model"]["vocab"] = vocabulary
    return tokenizer.from_str(json.dumps(document))


def _model(kind: TrainedKind, vocabulary: dict[str, int] | None = None) -> Any:
    from tokenizers import models

    if kind == "bpe":
        return models.BPE()
    if kind == "wordpiece":
        return models.WordPiece(vocabulary or {UNKNOWN: 0}, unk_token=UNKNOWN)
    return models.WordLevel(unk_token=UNKNOWN)


def _splitter(kind: TrainedKind) -> Any:
    from tokenizers import pre_tokenizers

    return {
        "word": pre_tokenizers.Whitespace,
        "whitespace": pre_tokenizers.WhitespaceSplit,
        "bpe": pre_tokenizers.ByteLevel,
        "wordpiece": pre_tokenizers.BertPreTokenizer,
    }[kind]()


def _trainer(kind: TrainedKind, vocabulary_size: int, min_frequency: int) -> Any:
    from tokenizers import pre_tokenizers, trainers

    options: dict[str, Any] = {
        "vocab_size": vocabulary_size,
        "min_frequency": min_frequency,
        "special_tokens": [PADDING, UNKNOWN],
        "show_progress": False,
    }
    if kind == "bpe":
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        return trainers.BpeTrainer(initial_alphabet=alphabet, **options)
    return trainers.WordLevelTrainer(**options)


def _words(tokenizer: Any, texts: Iterable[str]) -> Iterator[list[str]]:
    normalize, split = tokenizer.normalizer.normalize_str, tokenizer.pre_tokenizer.pre_tokenize_str
    for text in texts:
        yield [word for word, _ in split(normalize(text))]


def parse(content: str, *, origin: str) -> Any:
    """The tokenizer in a tokenizer.json; DataError for one that is damaged or not of use here.

    Such a file holds no code. What could make a text grow without bounds is refused.
    """
    from tokenizers import Tokenizer

    if len(content) > _MAX_BYTES:
        raise DataError(f"{origin}: more than {_MAX_BYTES:,} bytes", fix=_FIX)
    with _failure_named(origin):
        _require_bounded(json.loads(content).get("normalizer"), origin)
        tokenizer = Tokenizer.from_str(content)
        padding, most = tokenizer.id_to_token(0), vocabulary_of(tokenizer)
    if padding is None or "pad" not in padding.lower():
        raise DataError(f"{origin}: token 0 is {padding!r}, expected padding", fix=_FIX)
    if most > _MAX_TOKENS:
        raise DataError(f"{origin}: a token has the number {most - 1}", fix=_FIX)
    return tokenizer


def _require_bounded(normalizer: Any, origin: str) -> None:
    """DataError where a replacement is longer than what it replaces: many multiply."""
    if not isinstance(normalizer, dict):
        return
    for each in normalizer.get("normalizers", ()):
        _require_bounded(each, origin)
    if normalizer.get("type") == "Replace":
        pattern = normalizer["pattern"].get("String", "")
        if len(normalizer["content"]) > max(1, len(pattern)):
            raise DataError(f"{origin}: a normalizer makes texts longer", fix="remove it")


@contextmanager
def _failure_named(origin: str) -> Iterator[None]:
    """Turns what the library, which is written in Rust, raises into a DataError."""
    try:
        with native_stderr_hidden():
            yield
    except DataError:
        raise
    except BaseException as error:
        # A panic is no Exception, and its class cannot be imported.
        is_panic = type(error).__name__ == "PanicException"
        if not is_panic and not isinstance(error, Exception):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise DataError(f"{origin}: no usable tokenizer ({reason})", fix=_FIX) from error


def vocabulary_of(tokenizer: Any) -> int:
    """One more than the largest token."""
    return 1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)


def unknown_of(tokenizer: Any) -> int | None:
    """The token of what is unknown; None where every text can be told in tokens."""
    model = json.loads(tokenizer.to_str())["model"]
    if model.get("unk_token") is not None:
        number: int | None = tokenizer.token_to_id(model["unk_token"])
        return number
    by_number: int | None = model.get("unk_id")
    return by_number


def set_length(tokenizer: Any, length: int, *, truncate: Literal["end", "start"]) -> None:
    """From here on, and in its file, it cuts and pads texts to `length` tokens."""
    direction = "right" if truncate == "end" else "left"
    tokenizer.enable_truncation(length, direction=direction)
    padding = tokenizer.id_to_token(0)
    tokenizer.enable_padding(length=length, direction="right", pad_id=0, pad_token=padding)


def encode(tokenizer: Any, texts: Iterable[str]) -> Iterator[NDArray[np.int32]]:
    """The tokens of each text, cut and padded if the tokenizer has a length."""
    for block in _blocks(texts):
        with _failure_named("the tokenizer"):
            encodings = tokenizer.encode_batch_fast(block)
        yield from (np.array(encoding.ids, np.int32) for encoding in encodings)


def table(
    tokenizer: Any, texts: NDArray[Any], whole: Sequence[NDArray[np.int32]] | None = None
) -> NDArray[np.int32]:
    """(n, length), by a tokenizer whose length is set; 0 is behind the end of a text only.

    Args:
        whole: the tokens of each text uncut, where they are known: only long texts are read again.
    """
    length = tokenizer.truncation["max_length"]
    tokens = np.zeros((len(texts), length), np.int32)
    long = [row for row in range(len(texts)) if whole is None or len(whole[row]) > length]
    for row, found in zip(long, encode(tokenizer, (texts[row] for row in long)), strict=True):
        tokens[row] = found
    if whole is not None:
        for row, found in enumerate(whole):
            if len(found) <= length:
                tokens[row, : len(found)] = found
    # A text may hold the name of the padding, and one of control characters no token at all.
    is_within = np.flip(np.cumsum(np.flip(tokens, axis=1), axis=1, dtype=np.int64), axis=1) > 0
    is_within[:, 0] = True
    tokens[is_within & (tokens == 0)] = unknown_of(tokenizer) or 1
    return tokens


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for text in texts:
        block.append(text)
        if len(block) == _AT_ONCE:
            yield block
            block = []
    if block:
        yield block
