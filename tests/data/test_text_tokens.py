"""Texts become tokens by what is known of the training texts, the same ones everywhere."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fmtool.data.samples.strings import NOT_TOKENIZED, is_packed, pack, texts_of, unpack
from fmtool.data.splitting import loading
from fmtool.data.splitting.splits import Split, Splits
from fmtool.data.tokenization import text_base, tokenizer
from fmtool.errors import DataError, UsageError
from fmtool.runs.layout import TOKENIZER
from fmtool.targets import Label

WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "looked", "at", "the", "dog"]
KINDS = ("word", "whitespace", "bpe", "wordpiece")


def splits_of(train, test=("nothing",), validation=None):
    def split(texts):
        return Split(texts_of(texts), np.zeros(len(texts), np.int32))

    own = None if validation is None else split(validation)
    return Splits(
        "text",
        split(train),
        split(test),
        Label(("a", "b")),
        "0" * 64,
        NOT_TOKENIZED,
        validation=own,
    )


@pytest.fixture
def fit(option):
    """A function from texts and keys of `data=text` to splits of tokens."""

    def fit(train, *, rows=None, test=("nothing",), validation=None, **keys):
        cfg = option("text", path="x", **{"min_frequency": 1, **keys})
        rows = np.arange(len(train)) if rows is None else np.array(rows)
        return text_base.fit(cfg, splits_of(train, test, validation), rows.astype(np.int32))

    return fit


def words_of(splits, tokens):
    """What tokens stand for, padding left out."""
    known = tokenizer.parse(splits.artifacts[TOKENIZER], origin="test")
    return [known.id_to_token(int(token)) for token in tokens if token]


def test_words_and_punctuation_are_numbered_by_how_often_they_occur(fit):
    found = fit(["A dog, a cat.", "a dog"])
    assert found.train.x.tolist() == [[2, 3, 4, 2, 6, 5], [2, 3, 0, 0, 0, 0]]
    assert words_of(found, found.train.x[0]) == ["a", "dog", ",", "a", "cat", "."]
    assert (found.element.vocabulary, found.element.shape) == (7, (6,))
    assert found.train.x.dtype == np.int32


def test_whitespace_alone_separates_tokens_where_that_is_asked_for(fit):
    found = fit(["it's a well-known, film"], tokenizer="whitespace")
    assert words_of(found, found.train.x[0]) == ["it's", "a", "well-known,", "film"]


def test_capital_letters_are_kept_where_that_is_asked_for(fit):
    found = fit(["Good good"], lowercase=False)
    assert words_of(found, found.train.x[0]) == ["Good", "good"]


def test_composed_and_decomposed_letters_are_the_same_word(fit):
    found = fit(["caf\u00e9 cafe\u0301"])
    assert found.train.x.tolist() == [[2, 2]]


def test_a_word_that_only_validation_or_test_have_is_unknown(fit):
    found = fit(["good film"], validation=["good book"], test=["bad film"])
    assert found.validation.x.tolist() == [[3, 1]]
    assert found.test.x.tolist() == [[1, 2]]
    assert found.facts["unknown"] == {"train": 0.0, "validation": 0.5, "test": 0.5}


def test_a_word_of_training_rows_that_are_not_trained_on_is_unknown(fit):
    found = fit(["good film", "bad film"], rows=[0])
    assert found.train.x.tolist() == [[3, 2], [1, 2]]
    assert found.facts["unknown"]["validation"] == 0.5
    assert fit(["a", "b"], rows=[0], limit=1).facts["unknown"]["left_out"] == 1.0


def test_the_length_too_depends_on_the_rows_that_are_trained_on(fit):
    assert fit(["one two", "one two three four"], rows=[0]).element.shape == (2,)


def test_rare_words_are_unknown(fit):
    assert fit(["a a b"], min_frequency=2).train.x.tolist() == [[2, 2, 1]]


def test_no_more_words_are_known_than_the_vocabulary_holds(fit):
    found = fit(["a a a b b c"], vocabulary_size=4)
    assert found.train.x.tolist() == [[2, 2, 2, 3, 3, 1]]
    assert found.element.vocabulary == 4


@pytest.mark.parametrize(("truncate", "kept"), [("end", [2, 3]), ("start", [3, 4])])
def test_long_texts_are_cut_at_the_end_or_at_the_start(fit, truncate, kept):
    found = fit(["a b c", "a b", "a"], length=2, truncate=truncate)
    assert found.train.x.tolist() == [kept, [2, 3], [2, 0]]
    assert found.facts["truncated"]["train"] == pytest.approx(1 / 3, abs=1e-6)


def test_short_texts_are_padded_behind_their_end(fit):
    assert fit(["a b"], length=5).train.x.tolist() == [[2, 3, 0, 0, 0]]


def test_the_length_is_that_of_the_longest_text_where_it_is_short(fit):
    assert fit(["a " * 128, *["a"] * 99]).element.shape == (128,)


def test_the_length_is_what_most_texts_need_where_the_longest_is_long(fit):
    assert fit(["a " * 1000, *["a " * 200] * 50]).element.shape == (200,)
    assert fit(["a " * 1000, *["a"] * 50]).element.shape == (128,)
    assert fit(["a " * 1000] * 3).element.shape == (512,)


def test_the_names_of_padding_and_unknown_are_words_like_others_in_a_text(fit):
    found = fit(["a [PAD] a [UNK]"], tokenizer="whitespace", lowercase=False, length=5)
    assert found.train.x.tolist() == [[2, 1, 2, 1, 0]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_has_no_token_is_not_all_padding(fit, kind):
    found = fit([" ".join(WORDS)], test=["\u200b\u0301"], tokenizer=kind)
    assert found.test.x[0, 0] > 0


def test_byte_pairs_leave_nothing_unknown(fit):
    found = fit([" ".join(WORDS)], test=["\U0001f600 unseen"], tokenizer="bpe")
    assert (found.facts["unknown"]["test"], 1 in found.test.x) == (0.0, False)


def test_word_pieces_spell_words_that_are_new(fit):
    known = "low lower lowest new newest slow " * 20
    found = fit([known], test=["slowest"], tokenizer="wordpiece", length=8)
    pieces = words_of(found, found.test.x[0])
    assert len(pieces) > 1
    assert pieces[0] + "".join(piece.removeprefix("##") for piece in pieces[1:]) == "slowest"


FIT = """
import json, sys
from pathlib import Path
from fmtool.data.tokenization import tokenizer
texts = json.loads(Path(sys.argv[1]).read_text())
for kind in sys.argv[2:]:
    found = tokenizer.train(kind, texts, vocabulary_size=400, min_frequency=1, lowercase=True)
    print(found.to_str())
"""


def test_equal_texts_give_equal_bytes_in_any_process_with_any_threads(tmp_path):
    generator = np.random.default_rng(0)
    letters = np.array(list("aeioubcdfgh\u00e9\u00df"))
    texts = [
        " ".join("".join(generator.choice(letters, size)) for size in generator.integers(1, 9, 12))
        for _ in range(300)
    ]
    path = tmp_path / "texts.json"
    path.write_text(json.dumps(texts))
    command = [sys.executable, "-c", FIT, str(path), *KINDS]
    outputs = {
        subprocess.check_output(
            command, env={**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        )
        for threads in ("1", "2", "7")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_run_keeps_makes_the_same_tokens_again(fit, kind):
    train, test = [" ".join(WORDS[n:]) for n in range(9)], ["the unseen cat", "x " * 40]
    found = fit(train, test=test, tokenizer=kind, vocabulary_size=300, truncate="start", length=5)
    again = text_base.restore(None, splits_of(train, test), found.artifacts)
    assert again.train.x.tolist() == found.train.x.tolist()
    assert again.test.x.tolist() == found.test.x.tolist()
    assert (again.element.shape, again.element.vocabulary) == ((5,), found.element.vocabulary)


def test_a_tokenizer_of_a_file_is_used_as_it_is(fit, tmp_path):
    first = fit(["a b c"])
    file = tmp_path / "my.json"
    file.write_text(first.artifacts[TOKENIZER])
    found = fit(["c b z d"], tokenizer=str(file), length=6)
    assert found.train.x.tolist() == [[4, 3, 1, 1, 0, 0]]
    assert found.element.vocabulary == first.element.vocabulary


def document(**changes):
    made = tokenizer.train("word", ["a b"], vocabulary_size=9, min_frequency=1, lowercase=True)
    return json.loads(made.to_str()) | changes


GROWING = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
BAD_FILES = {
    "no JSON": ("{", "no usable tokenizer (Expecting property name"),
    "another JSON": ("[]", "no usable tokenizer ('list' object has no attribute 'get')"),
    "no model": (json.dumps({"version": "1.0"}), "no usable tokenizer ("),
    "no padding": (
        json.dumps(document(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"})),
        "token 0 is 'a', expected padding; fix: take one that the tokenizers library has written, "
        "with padding as token 0",
    ),
    "a number too large": (
        json.dumps(
            document(
                model={
                    "type": "WordLevel",
                    "vocab": {"[PAD]": 0, "a": 4_294_967_295},
                    "unk_token": "a",
                }
            )
        ),
        "a token has the number 4294967295; fix: ",
    ),
    "growth": (
        json.dumps(document(normalizer={"type": "Sequence", "normalizers": [GROWING] * 40})),
        "a normalizer makes texts longer; fix: remove it",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_is_no_usable_tokenizer_is_one_line(fit, tmp_path, case):
    content, message = BAD_FILES[case]
    file = tmp_path / "my.json"
    file.write_text(content)
    with pytest.raises(DataError) as caught:
        fit(["a b"], tokenizer=str(file))
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_pattern_that_would_never_end_is_one_line_and_no_noise(fit, tmp_path, capfd):
    split = {
        "type": "Split",
        "pattern": {"Regex": "(a+)+$"},
        "behavior": "Isolated",
        "invert": False,
    }
    file = tmp_path / "my.json"
    file.write_text(json.dumps(document(pre_tokenizer=split)))
    with pytest.raises(DataError, match=r"^the tokenizer: no usable tokenizer "):
        fit(["a" * 40 + "!"], tokenizer=str(file))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("artifacts", "message"),
    [
        ({}, "the run has no tokenizer.json; fix: restore the file, or train again"),
        ({TOKENIZER: "{"}, "tokenizer.json of the run: no usable tokenizer (Expecting"),
        (
            {TOKENIZER: json.dumps(document())},
            "tokenizer.json of the run has no length; fix: restore it, or train again",
        ),
    ],
)
def test_a_run_without_a_usable_tokenizer_is_bad_data(artifacts, message):
    with pytest.raises(DataError) as caught:
        text_base.restore(None, splits_of(["a"]), artifacts)
    assert str(caught.value).startswith(message)


def test_without_the_library_the_extra_is_named(option, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        loading.load(option("text", path=str(tmp_path)), seed=0)
    assert str(caught.value) == (
        "texts need the package tokenizers; fix: pip install 'tokenizers>=0.22'"
    )


def test_the_digest_is_of_texts_and_labels_and_not_of_tokens(option, tmp_path):
    def digest(text="good", label="pos", **keys):
        path = tmp_path / "t.csv"
        path.write_text("text,label\n" + f"{text},{label}\nbad,neg\n" * 10)
        return loading.load(option("text", path=str(path), **keys), seed=0).splits.digest

    assert digest() == digest(tokenizer="bpe", length=7)
    assert len({digest(), digest(text="fine"), digest(label="yes")}) == 3


def test_packed_texts_are_unpacked_as_they_were():
    texts = ["a", "", "caf\u00e9 \U0001f600"]
    packed = pack(texts)
    assert unpack(packed).tolist() == texts
    assert (is_packed(packed, 3), is_packed(packed, 2), is_packed(packed[:-1], 2)) == (
        True, False, False,
    )  # fmt: skip


def test_the_tokenizer_is_asked_for_whole_texts_only_once(fit, monkeypatch):
    """Texts that are short enough are not read a second time to be padded."""
    asked = []
    encode = tokenizer.encode

    def counting(known, texts):
        texts = list(texts)
        asked.append(len(texts))
        return encode(known, texts)

    monkeypatch.setattr(tokenizer, "encode", counting)
    fit(["a b c", "a", "b"], length=2, test=["a"])
    assert asked == [3, 1, 1, 0]


def test_splits_of_other_data_have_no_artifacts():
    assert replace(splits_of(["a"])).artifacts == {}
    assert Path(TOKENIZER).suffix == ".json"
