"""Makes tokens of the texts of a data set: a tokenizer is fitted on what is trained on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.regular_file import open_regular
from fmtool.data.splitting.splits import Split, Splits
from fmtool.data.tokenization import tokenizer as tokenizers
from fmtool.data.tokenization import word_vectors
from fmtool.data.tokenization.text_config import TextConfig, require_library
from fmtool.elements import Tokens
from fmtool.errors import DataError
from fmtool.notices import note
from fmtool.runs.layout import TOKENIZER

_SHORT, _LONGEST = 128, 512
"""Tokens: `auto` takes texts of the first length whole, and never more than the second."""

Whole = list[NDArray[np.int32]]
"""The tokens of each text, neither cut nor padded."""


@dataclass(frozen=True)
class Lengths:
    """The lengths of the texts that are trained on, in tokens."""

    median: int
    most: int
    """The length that 95 % of them have at most."""
    longest: int

    @property
    def suited(self) -> int:
        """The longest one; where that is long, what most need."""
        return min(self.longest, max(_SHORT, min(self.most, _LONGEST)))


def fit(cfg: TextConfig, splits: Splits, rows: NDArray[np.int32]) -> Splits:
    """Splits of tokens in place of strings, with the tokenizer among the artifacts.

    Args:
        rows: of the training split, which are trained on: nothing else is looked at to choose
            vocabulary and length.

    Raises:
        DataError: `data.tokenizer` or `data.vectors` names a file that cannot be used.
        UsageError: the package that makes tokens is missing.
    """
    require_library()
    tokenizer = _tokenizer(cfg, splits.train.array[rows])
    whole = {
        name: list(tokenizers.encode(tokenizer, np.asarray(part.x)))
        for name, part in splits.parts.items()
    }
    trained = [whole["train"][row] for row in rows]
    lengths = _lengths(trained)
    length = lengths.suited if cfg.length == "auto" else cfg.length
    tokenizers.set_length(tokenizer, length, truncate=cfg.truncate)
    element, found = _element(cfg, tokenizer, length)
    unknown = tokenizers.unknown_of(tokenizer)
    measured = {"train": trained, **_others(cfg, whole, rows)}
    facts = {
        "texts": {name: len(each) for name, each in measured.items()},
        "vocabulary": element.vocabulary,
        "length": length,
        "lengths": {"median": lengths.median, "p95": lengths.most, "max": lengths.longest},
        "truncated": {name: _share_longer(each, length) for name, each in measured.items()},
        "unknown": {name: _share_unknown(each, unknown) for name, each in measured.items()},
        "vectors": found,
    }
    _tell(splits.name, facts)
    fitted = _with_tokens(splits, tokenizer, element, whole)
    artifacts = {TOKENIZER: tokenizer.to_str(pretty=True)}
    return replace(fitted, artifacts=artifacts, facts=facts)


def restore(splits: Splits, artifacts: Mapping[str, str]) -> Splits:
    """Splits of tokens as `fit` made them; DataError where the tokenizer is missing or damaged."""
    tokenizer = fitted(artifacts.get(TOKENIZER), origin="the run")
    length = tokenizer.truncation["max_length"]
    element = Tokens((length,), tokenizers.vocabulary_of(tokenizer))
    return replace(_with_tokens(splits, tokenizer, element, {}), artifacts=artifacts)


def fitted(content: str | None, *, origin: str) -> Any:
    """The tokenizer that `fit` left, which cuts and pads to the length of training.

    Args:
        content: of its file; None where there is none.

    Raises:
        DataError: it is missing or damaged.
        UsageError: the package that makes tokens is missing.
    """
    require_library()
    if content is None:
        raise DataError(f"{origin} has no {TOKENIZER}", fix="restore the file, or train again")
    tokenizer = tokenizers.parse(content, origin=f"{TOKENIZER} of {origin}")
    if tokenizer.truncation is None:
        raise DataError(f"{TOKENIZER} of {origin} has no length", fix="restore it, or train again")
    return tokenizer


def _tokenizer(cfg: TextConfig, texts: Sequence[str]) -> Any:
    kind = cfg.trained_kind
    if kind is None:
        path = Path(cfg.tokenizer)
        with open_regular(path) as file:
            content = file.read().decode("utf-8", errors="replace")
        tokenizer = tokenizers.parse(content, origin=str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    return tokenizers.train(
        kind,
        texts,
        vocabulary_size=cfg.vocabulary_size,
        min_frequency=cfg.min_frequency,
        lowercase=cfg.lowercase,
    )


def _element(cfg: TextConfig, tokenizer: Any, length: int) -> tuple[Tokens, int | None]:
    """And how many words have a vector; None where there are no vectors."""
    size = tokenizers.vocabulary_of(tokenizer)
    if cfg.vectors is None:
        return Tokens((length,), size), None
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    vectors = word_vectors.read(Path(cfg.vectors), vocabulary, size=size)
    note(
        f"{cfg.name}: {vectors.found:,} of {size:,} words have a vector in {cfg.vectors}, "
        "the others begin at random"
    )
    return Tokens((length,), size, vectors.values), vectors.found


def _with_tokens(
    splits: Splits, tokenizer: Any, element: Tokens, whole: Mapping[str, Whole]
) -> Splits:
    def tokens(name: str, part: Split) -> Split:
        texts = np.asarray(part.x)
        return Split(tokenizers.table(tokenizer, texts, whole.get(name)), part.y)

    parts = {name: tokens(name, part) for name, part in splits.parts.items()}
    return replace(
        splits,
        train=parts["train"],
        validation=parts.get("validation"),
        test=parts["test"],
        element=element,
    )


def _lengths(texts: Iterable[NDArray[np.int32]]) -> Lengths:
    lengths = [len(text) for text in texts]
    median, most = np.percentile(lengths, (50, 95), method="higher")
    return Lengths(int(median), int(most), max(lengths))


def _others(
    cfg: TextConfig, whole: Mapping[str, Whole], rows: NDArray[np.int32]
) -> dict[str, Whole]:
    """Texts not trained on, by name; the rest of the training split is the validation part.

    Where `data.limit` or `data.fraction` leave more of it out, they are not told apart.
    """
    others = {name: texts for name, texts in whole.items() if name != "train"}
    left = np.setdiff1d(np.arange(len(whole["train"])), rows)
    if not len(left):
        return others
    is_all_used = cfg.limit is None and cfg.fraction == 1 and "validation" not in others
    name = "validation" if is_all_used else "left_out"
    return {name: [whole["train"][row] for row in left], **others}


def _share_longer(texts: Whole, length: int) -> float:
    return round(sum(len(text) > length for text in texts) / len(texts), 6)


def _share_unknown(texts: Whole, unknown: int | None) -> float:
    tokens = sum(map(len, texts))
    found = 0 if unknown is None else sum(int((text == unknown).sum()) for text in texts)
    return round(found / max(1, tokens), 6)


def _tell(name: str, facts: Mapping[str, Any]) -> None:
    lengths, unknown = facts["lengths"], facts["unknown"]
    note(
        f"{name}: {facts['vocabulary']:,} tokens are known; texts have {lengths['median']} of them "
        f"(95 % at most {lengths['p95']}, the longest {lengths['max']}) and are made "
        f"{facts['length']} long, which cuts {100 * facts['truncated']['train']:.1f} %"
    )
    shares = (
        f"{100 * share:.1f} % in {part.replace('_', ' ')}"
        for part, share in unknown.items()
        if part != "train"
    )
    note(f"{name}: unknown tokens: {', '.join(shares)}")
