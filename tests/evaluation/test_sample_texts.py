"""Samples in words: texts again from tokens, numbers by their columns."""

import json

import numpy as np
import pytest

from fmtool.data.splitting.splits import Split
from fmtool.data.tokenization import tokenizer as tokenizers
from fmtool.elements import Features, Pixels, Record, Tokens
from fmtool.evaluation.sample_texts import in_words

TEXTS = ["the playing child, and its dog", "a dog plays"]
LABELS = np.zeros(2, np.int32)


def tokens_of(kind):
    """Tokens (n, 12) of the texts, and the artifacts of the run."""
    made = tokenizers.train(kind, TEXTS, vocabulary_size=400, min_frequency=1, lowercase=True)
    tokenizers.set_length(made, 12, truncate="end")
    tokens = np.zeros((2, 12), np.int32)
    for row, each in enumerate(tokenizers.encode(made, TEXTS)):
        tokens[row, : len(each)] = each
    return tokens, {"tokenizer.json": made.to_str()}


@pytest.mark.parametrize("kind", ["word", "whitespace", "bpe", "wordpiece"])
def test_texts_come_back_from_their_tokens(kind):
    tokens, artifacts = tokens_of(kind)
    words = in_words(Split(tokens, LABELS), Tokens((12,), 400), artifacts)
    assert words(0).replace(" ,", ",") == TEXTS[0]
    assert words(1) == TEXTS[1]


def test_tokens_without_a_tokenizer_are_their_numbers():
    split = Split(np.array([[5, 2, 0, 0]], np.int32), LABELS[:1])
    assert in_words(split, Tokens((4,), 9), {})(0) == "5 2"


def test_numbers_are_named_and_in_the_unit_of_the_data():
    entries = {"columns": ["age", "year"], "origin": [0, 2000]}
    split = Split(np.array([[41.5, 26], [1, 0.25]], np.float32), LABELS)
    words = in_words(split, Features((2,)), {"inputs.json": json.dumps(entries)})
    assert [words(0), words(1)] == ["age 41.5, year 2026", "age 1, year 2000"]


def test_the_first_of_many_numbers_are_shown_and_a_series_has_no_names():
    numbers = np.arange(20, dtype=np.float32)
    split = Split(numbers[None], LABELS[:1])
    assert in_words(split, Features((20,)), {})(0) == "0, 1, 2, 3, 4, 5, 6, 7, ..."
    series = Split(numbers.reshape(1, 10, 2), LABELS[:1])
    kept = {"inputs.json": json.dumps({"columns": ["a", "b"]})}
    assert in_words(series, Features((10, 2)), kept)(0) == "0, 1, 2, 3, 4, 5, 6, 7, ..."


def test_a_damaged_entry_costs_the_names_alone():
    split = Split(np.array([[1.0]], np.float32), LABELS[:1])
    assert in_words(split, Features((1,)), {"inputs.json": "{"})(0) == "1"


def test_a_record_has_the_words_of_its_fields_and_none_of_its_picture():
    fields = {"shot": Pixels((1, 1, 1)), "row": Features((1,))}
    x = {"shot": np.zeros((1, 1, 1, 1), np.uint8), "row": np.ones((1, 1), np.float32)}
    assert in_words(Split(x, LABELS[:1]), Record(fields), {})(0) == "1"
