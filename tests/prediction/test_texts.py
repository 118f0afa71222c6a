"""Texts go through the tokenizer that lies beside the model, or in the run."""

import json

import numpy as np
import pytest
import small_onnx

from fmtool.data.tokenization import tokenizer as tokenizers

pytest.importorskip("tokenizers")

LENGTH = 4
# Token 0 is padding, 1 unknown, and then as often as they occur: the label is that of the token,
# modulo 3, of which a text has most.
WORDS = "two two two two three three three four four five"


@pytest.fixture
def texts(models):
    made = tokenizers.train("word", [WORDS], vocabulary_size=6, min_frequency=1, lowercase=True)
    tokenizers.set_length(made, LENGTH, truncate="end")
    (models / "tokenizer.json").write_text(made.to_str())
    small_onnx.write(models / "text.onnx", "text", (LENGTH,), vocabulary=6)
    assert [made.token_to_id(word) for word in ("two", "three", "four")] == [2, 3, 4]
    return models


def labels(outcome):
    return [(each["input"], each["label"]) for each in outcome.json["predictions"]]


def test_each_line_of_a_file_is_a_text(predict, texts):
    (texts / "lines.txt").write_text("two two two two\nFOUR four Four four\n")
    found = labels(predict("text", "input=lines.txt", "--json"))
    assert found == [("1", "blue"), ("2", "green")]


def test_a_text_is_cut_as_it_was_for_the_training(predict, texts):
    (texts / "lines.txt").write_text("two two two two " + "four " * 50 + "\n")
    assert labels(predict("text", "input=lines.txt", "--json")) == [("1", "blue")]


def test_standard_input_is_lines_or_a_table(predict, texts, stdin):
    stdin("two two two two\n")
    assert labels(predict("text", "input=-", "--json")) == [("1", "blue")]
    stdin("id,said\n7,two two two two\n")
    found = labels(predict("text", "input=-", "data.text_column=said", "--json"))
    assert found == [("2", "blue")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", 'text,n\n"two, two two two",1\n'),
        ("t.tsv", "n\ttext\n1\ttwo two two two\n"),
        ("t.jsonl", json.dumps({"text": "two two two two", "n": 1}) + "\n"),
    ],
)
def test_a_table_has_the_texts_in_a_column(predict, texts, name, content):
    (texts / name).write_text(content)
    assert [label for _, label in labels(predict("text", f"input={name}", "--json"))] == ["blue"]


def test_a_missing_column_is_named(predict, texts):
    (texts / "t.csv").write_text("said,n\nx,1\n")
    outcome = predict("text", "input=t.csv")
    assert (outcome.code, outcome.error) == (
        65, "error: t.csv:1: no column 'text' in the header; fix: set data.text_column; one of n, "
        "said; or data.header=false if it is a row",
    )  # fmt: skip


def test_an_empty_text_is_named_by_its_line(predict, texts):
    (texts / "lines.txt").write_text("two\n\nfour\n")
    outcome = predict("text", "input=lines.txt")
    assert (outcome.code, outcome.error) == (
        65, "error: lines.txt:2: an empty text; fix: remove it"
    )  # fmt: skip


def test_lines_that_are_no_text_are_skipped_in_their_place(predict, texts):
    (texts / "lines.txt").write_bytes(b"two two two two\n\xff\xfe\nfour four four four\n\n")
    outcome = predict("text", "input=lines.txt", "on_error=skip", "--json")
    assert outcome.code == 65
    found = [(each["input"], each.get("label")) for each in outcome.json["predictions"]]
    assert found == [("1", "blue"), ("2", None), ("3", "green"), ("4", None)]


def test_tokens_of_ones_own_need_no_tokenizer(predict, texts):
    (texts / "tokenizer.json").unlink()
    np.save(texts / "tokens.npy", np.array([[3, 3, 3, 3], [1, 1, 1, 1]]))
    assert labels(predict("text", "input=tokens.npy", "--json")) == [("0", "red"), ("1", "green")]


def test_without_a_tokenizer_beside_it_texts_cannot_be_read(predict, texts):
    (texts / "tokenizer.json").unlink()
    (texts / "lines.txt").write_text("two\n")
    outcome = predict("text", "input=lines.txt")
    assert outcome.code == 65
    assert outcome.error.startswith("error: text.onnx has no tokenizer.json")


def test_a_tokenizer_of_another_length_is_not_that_of_the_model(predict, texts):
    small_onnx.write(texts / "text.onnx", "text", (LENGTH + 1,), vocabulary=6)
    (texts / "lines.txt").write_text("two\n")
    outcome = predict("text", "input=lines.txt")
    assert outcome.code == 65
    assert "reads 5 tokens, the tokenizer beside it makes 4" in outcome.error
