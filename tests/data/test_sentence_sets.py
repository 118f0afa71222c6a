"""The sentence sets of Kim (2014), where their original files are at hand, and without them."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from fmtool.data.fetching import sentence_sets
from fmtool.data.fetching.sentence_sets import of_class_files, of_split_files
from fmtool.data.splitting import loading
from fmtool.data.splitting.selection import fold_for_test
from fmtool.errors import DataError
from fmtool.registry import module

ORIGINALS = Path(__file__).parents[3] / "shared" / "data" / "sentence-classification"
needs_originals = pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="the original files are not beside the repository"
)


@needs_originals
@pytest.mark.parametrize(
    ("name", "sizes", "first"),
    [
        ("mr", (9595, None, 1067), "simplistic , silly and tedious ."),
        ("subj", (9000, None, 1000), None),
        ("sst2", (6920, 872, 1821), "a stirring , funny and finally transporting re-imagining of"),
        ("trec", (5452, None, 500), "How did serfdom develop in and then leave Russia ?"),
    ],
)
def test_the_original_files_are_read(option, name, sizes, first):
    splits = module("data", name).load(option(name, path=str(ORIGINALS)))
    found = (splits.train, splits.validation, splits.test)
    assert tuple(None if part is None else len(part) for part in found) == sizes
    assert splits.class_names == module("data", name).INFO.class_names
    assert first is None or any(text.startswith(first) for text in splits.train.x[:3])


@needs_originals
def test_the_ten_folds_of_mr_test_every_sentence_once(option):
    tested = []
    for fold in range(10):
        cfg = option("mr", path=str(ORIGINALS), fold=fold)
        splits = module("data", "mr").load(cfg)
        assert len(splits.train) + len(splits.test) == 10_662
        tested += splits.test.x.tolist()
    assert len(tested) == 10_662
    assert len(set(tested)) > 10_600


@needs_originals
def test_trec_is_tokenized_by_its_spaces_in_small_letters(option):
    data = loading.load(option("trec", path=str(ORIGINALS), validation_fraction=0.0), seed=0)
    facts = data.splits.facts
    assert (facts["length"], facts["lengths"]["max"]) == (37, 37)
    assert facts["unknown"]["train"] == 0.0
    # Words of the training questions in small letters, counted without any library, and two more.
    text = (ORIGINALS / "TREC.train.gz").read_bytes()
    words = gzip.decompress(text).decode("latin-1").lower().split("\n")
    assert facts["vocabulary"] == 2 + len({word for line in words for word in line.split()[1:]})


def files(folder, **contents):
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


WANTED = {"some.neg": ("negative", 2), "some.pos": ("positive", 1)}


def read_classes(option, folder):
    return list(of_class_files(option("mr", path=str(folder)), WANTED))


def test_a_copy_in_latin_1_is_read_as_one_in_utf_8(option, tmp_path):
    for number, encoding in enumerate(("utf-8", "latin-1")):
        folder = tmp_path / str(number)
        files(
            folder, **{"some.neg": "caf\xe9 .\nbad . \r\n".encode(encoding), "some.pos": b"good ."}
        )
        found = [text.text for text in read_classes(option, folder)]
        assert found == [
            "caf\xe9 .",
            "bad .",
            "good .",
        ]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({}, "no some.neg and no some.neg.gz; fix: name the folder of the original files, see "),
        (
            {"some.neg": b"one\n", "some.pos": b"one\n"},
            "some.neg: 1 sentences, expected 2; fix: name the folder of the original files, see ",
        ),
        ({"some.neg": b"", "some.pos": b"one\n"}, "some.neg: empty file; fix: restore or remove"),
        ({"some.neg": b"\x00\n\n", "some.pos": b"o\n"}, "some.neg:1: a NUL character; fix: "),
    ],
)
def test_what_is_not_as_published_is_one_line(option, tmp_path, contents, message):
    files(tmp_path, **contents)
    with pytest.raises(DataError) as caught:
        read_classes(option, tmp_path)
    separator = ": " if message.startswith("no ") else "/"
    assert str(caught.value).startswith(f"{tmp_path}{separator}{message}")


@pytest.mark.parametrize("line", ["nothing", "2 words"])
def test_a_line_without_a_label_is_named(option, tmp_path, line):
    files(tmp_path, some=f"1 fine\n{line}\n".encode())
    parse = module("data", "sst2")._parse
    with pytest.raises(DataError, match=r"some:2: no label; fix: "):
        list(of_split_files(option("mr", path=str(tmp_path)), {"some": ("train", 2)}, parse))


def test_folds_do_not_depend_on_the_seed_of_a_run(option, tmp_path, monkeypatch):
    files(tmp_path, **{"some.neg": b"a b\n" * 20, "some.pos": b"c d\n" * 20})
    monkeypatch.setattr(
        module("data", "mr"), "_FILES", {"some.neg": ("negative", 20), "some.pos": ("positive", 20)}
    )
    cfg = option("mr", path=str(tmp_path), folds=4, fold=2)
    labels = [loading.load(cfg, seed=seed).splits.test.y.tolist() for seed in (0, 1)]
    rows = fold_for_test(np.repeat([0, 1], 20), folds=4, fold=2)
    assert labels[0] == labels[1] == np.repeat([0, 1], 20)[rows].tolist()


def test_the_sets_say_where_they_come_from():
    assert "docs/text.md" in sentence_sets._FIX
