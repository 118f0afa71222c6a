"""Pretrained word vectors: each word of the vocabulary gets its own, others random ones."""

import gzip
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from fmtool.data.samples.strings import NOT_TOKENIZED, texts_of
from fmtool.data.splitting.splits import Split, Splits
from fmtool.data.tokenization import text_base
from fmtool.data.tokenization.word_vectors import read
from fmtool.errors import DataError
from fmtool.targets import Label

VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "good": 2, "film": 3, "rare": 4}
GLOVE = "the 1 1 1\nfilm 0.5 -1 2e-1\ngood 1 2 3\n"
SCRIPT = Path(__file__).parents[2] / "scripts" / "glove_from_npm"


@pytest.fixture
def vectors(tmp_path):
    def read_text(text, name="v.txt", size=5):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return read(path, VOCABULARY, size=size)

    return read_text


@pytest.mark.parametrize("name", ["v.txt", "v.txt.gz"])
@pytest.mark.parametrize("header", ["", "3 3\n"])
def test_words_get_their_own_vectors_with_a_header_line_or_without(vectors, name, header):
    found = vectors(header + GLOVE, name)
    assert found.found == 2
    assert found.values.dtype == np.float32
    assert found.values[[2, 3]].tolist() == np.float32([[1, 2, 3], [0.5, -1, 0.2]]).tolist()


def test_padding_is_zero_and_other_words_are_random_of_the_same_spread(vectors):
    found = vectors(GLOVE, size=4000)
    assert found.values[0].tolist() == [0, 0, 0]
    others = np.delete(found.values, [0, 2, 3], axis=0)
    known = found.values[[2, 3]]
    assert others.std() == pytest.approx(known.std(), rel=0.02)
    assert len(np.unique(others)) > 0.99 * others.size


def test_the_random_ones_are_the_same_each_time(vectors):
    assert vectors(GLOVE).values.tobytes() == vectors(GLOVE).values.tobytes()
    assert vectors(GLOVE).values[4].tolist() == pytest.approx(
        [1.362645149230957, 0.4040370285511017, -1.295339584350586]
    )


def test_of_a_word_that_is_there_twice_the_first_vector_counts(vectors):
    assert vectors(f"{GLOVE}good 9 9 9\n").values[2].tolist() == [1, 2, 3]


def test_words_with_spaces_and_spaces_at_the_end_do_no_harm(vectors):
    found = vectors("the 1 1 1 \n. . . 1 2 3\ngood 1 2 3 \nat me@x.org 1 2 3\n")
    assert found.values[2].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the 1 1 1\ngood 1 2\n", "v.txt:2: 2 numbers, expected 3; fix: write a word and its"),
        ("the 1 1 1\ngood 1 2 3 4\n", "v.txt:2: 4 numbers, expected 3; fix: write a word"),
        ("the 1 1 1\n\ngood 1 2 3\n", "v.txt:2: 0 numbers, expected 3; fix: write a word"),
        ("the 1 1 1\ngood 1 x 3\n", "v.txt:2: not a number ("),
        ("the 1 1 1\ngood 1 nan 3\n", "v.txt:2: a number that is not finite; fix: remove the li"),
        ("the 1 1 1\ngood 1 1e99 3\n", "v.txt:2: a number that is not finite; fix: remove the"),
        ("the\n", "v.txt:1: 0 numbers behind a word; fix: write a word and its numbers on each"),
        ("the 1 1 1\n\x00\n", "v.txt:2: a NUL character; fix: remove it"),
        (
            "nothing 1 2 3\n",
            "v.txt: none of the 5 words is there; fix: use data.tokenizer=word, and vectors of the",
        ),
    ],
)
def test_a_malformed_line_is_named_by_its_number(vectors, tmp_path, text, message):
    with pytest.raises(DataError) as caught:
        vectors(text)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_a_vector_file_in_binary_is_refused(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"3 3\nthe \x00\x00\x80?\xff\xff")
    with pytest.raises(DataError, match=r"v\.bin:2: not utf-8 "):
        read(path, VOCABULARY, size=5)


def test_the_vectors_and_their_coverage_come_with_the_tokens(option, tmp_path, capsys):
    path = tmp_path / "v.txt"
    path.write_text(GLOVE)
    split = Split(texts_of(["good film film", "rare"]), np.zeros(2, np.int32))
    splits = Splits("text", split, split, Label(("a", "b")), "0" * 64, NOT_TOKENIZED)
    cfg = option("text", path="x", vectors=str(path), min_frequency=1)
    found = text_base.fit(cfg, splits, np.arange(2, dtype=np.int32))
    assert found.element.vectors.shape == (5, 3)
    film = found.element.vectors[found.train.x[0, 1]]
    assert film.tolist() == np.float32([0.5, -1, 0.2]).tolist()
    assert found.facts["vectors"] == 2
    assert f"text: 2 of 5 words have a vector in {path}, " in capsys.readouterr().err


def test_the_script_writes_what_can_be_read(tmp_path):
    numbers = [0.25, *range(99), 1.5, 7]
    document = {"size": 2, "vectors": {"good": numbers, 'a "b"': numbers, "film": numbers}}
    lines = runpy.run_path(str(SCRIPT))["lines"]
    path = tmp_path / "v.txt"
    path.write_text("".join(lines(json.dumps(document, separators=(",", ":")))))
    found = read(path, VOCABULARY, size=5)
    assert (found.found, found.values.shape) == (2, (5, 100))
    assert found.values[3, :3].tolist() == [0.25, 0, 1]
