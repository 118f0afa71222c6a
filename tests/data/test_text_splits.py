"""From labelled texts to splits: class names, what is held out, and sets that cannot be used."""

from pathlib import Path

import pytest

from fmtool.data.reading.labelled_text import LabelledText
from fmtool.data.splitting import loading
from fmtool.data.splitting.text_splits import to_text_splits
from fmtool.errors import DataError, UsageError

FILE = Path("t.csv")


def texts_of(*labels, split="train"):
    return [
        LabelledText(f"text {line}", label, split, FILE, line)
        for line, label in enumerate(labels, 2)
    ]


@pytest.fixture
def split_up(option):
    def split_up(texts, **keys):
        return to_text_splits(option("text", path="t.csv", **keys), texts, origin="t.csv")

    return split_up


def test_classes_are_in_alphabetical_order(split_up):
    splits = split_up(texts_of(*["pos", "neg", "Neutral"] * 10))
    assert splits.class_names == ("Neutral", "neg", "pos")
    row = splits.train.x.tolist().index("text 2")
    assert splits.class_names[splits.train.y[row]] == "pos"


def test_classes_that_are_numbers_are_in_the_order_of_numbers(split_up):
    assert split_up(texts_of(*["10", "9", "1"] * 10)).class_names == ("1", "9", "10")


def test_a_fifth_of_each_class_is_held_out_where_there_is_no_test_split(split_up):
    splits = split_up(texts_of(*["a"] * 50, *["b"] * 10))
    assert (len(splits.train), len(splits.test)) == (48, 12)
    assert splits.test.y.sum() == 2


def test_splits_that_are_there_are_taken_as_they_are(split_up):
    others = texts_of("a", split="validation") + texts_of("b", "b", split="test")
    splits = split_up(texts_of("a", "b") + others)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (2, 1, 2)


def test_folds_of_texts_partition_them(split_up):
    texts = texts_of(*["a", "b"] * 25)
    tested = [
        text for fold in range(5) for text in split_up(texts, folds=5, fold=fold).test.x.tolist()
    ]
    assert sorted(tested) == sorted(text.text for text in texts)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            texts_of("a", "a"),
            "t.csv: 1 class, 'a' in train; need 2 classes; fix: add texts of another class",
        ),
        ([], "t.csv: no texts in train; need 2 classes; fix: add texts of another class"),
        (
            texts_of("good", "bad") + texts_of("goood", split="test"),
            "t.csv:2: class 'goood' is absent from train; fix: did you mean 'good'?",
        ),
        (
            texts_of(*map(str, range(30))),
            "t.csv: 30 different labels in 30 training texts; fix: name the column of the classes "
            "by data.label_column",
        ),
        (
            texts_of("a", "b"),
            "t.csv: data.test_fraction=0.2 of 2 samples leaves none to test; fix: raise "
            "data.test_fraction, or give a test split",
        ),
    ],
)
def test_what_cannot_be_trained_on_is_one_line(split_up, texts, message):
    with pytest.raises(DataError) as caught:
        split_up(texts)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["data.tokenizer=bpee"],
            "error: data.tokenizer: no tokenizer is called 'bpee'; fix: did you mean 'bpe'?",
        ),
        (
            ["data.tokenizer=bpe", "data.vocabulary_size=200"],
            "error: data: vocabulary_size=200 is too small for tokenizer=bpe, which has a token "
            "for each byte; fix: raise data.vocabulary_size to 258 or more",
        ),
        (
            ["data.encoding=utf-16"],
            "error: data.encoding: 'utf-16' is not an encoding that is read; fix: save the file as "
            "utf-8",
        ),
        (
            ["data.length=0"],
            "error: data.length=0 is not accepted; fix: give a value greater than 0 or 'auto'",
        ),
    ],
)
def test_a_key_that_makes_no_sense_is_a_mistake(call, words, message):
    outcome = call("train", "data=text", "data.path=t.csv", *words)
    assert (outcome.code, outcome.error) == (2, message)


def test_check_looks_through_texts_of_ones_own(call, fmtool):
    rows = "".join(f"text {number // 2},{'ab'[number % 2]}\n" for number in range(40))
    fmtool.write("my texts.csv", f"text,label\n{rows}")
    outcome = call("data", "check", "text", "path=my texts.csv", "--json")
    assert outcome.code == 0
    report = outcome.json["splits"]
    assert report["train"]["images"] == {"shape": [32], "dtype": "text"}
    assert report["train"]["class_counts"] == [16, 16]
    found = [report[part]["duplicates"] for part in report]
    assert sum(found) + outcome.json["test_images_in_train"] == 20


def test_a_path_that_is_not_there_is_a_mistake(option):
    with pytest.raises(UsageError, match=r"^data\.path=gone: no such file or directory; fix: "):
        loading.load(option("text", path="gone"), seed=0)
