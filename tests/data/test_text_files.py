"""Labelled texts in tables and folders: what is read, and one line for each thing that is wrong."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from fmtool.data.reading import text_lines
from fmtool.data.reading.problems import stop
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_files import open_texts
from fmtool.data.reading.text_lines import LineError, is_line_encoding
from fmtool.data.reading.text_tables import Columns
from fmtool.errors import DataError

COLUMNS = Columns(text="text", label="label", split="split")
STYLE = Style()
GOOD = "text,label\ngood film,pos\nbad film,neg\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Writes files, by name below the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(**files):
        for name, content in files.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def read(path, columns=COLUMNS, style=STYLE, report=stop):
    texts = open_texts(Path(path), columns, style, report).texts
    return [(each.text, each.label, each.split, each.line) for each in texts]


TWO = [("good film", "pos", "train", 2), ("bad film", "neg", "train", 3)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", GOOD),
        ("t.csv", GOOD.replace("\n", "\r\n")),
        ("t.csv", b"\xef\xbb\xbf" + GOOD.encode()),
        ("t.csv", 'label,text\npos,"good film"\nneg,"bad film"\n'),
        ("t.csv", "id; text ;label\n1;good film;pos\n2;bad film; neg\n"),
        ("t.csv", "text|label|text, tokenized\ngood film|pos|x\nbad film|neg|x\n"),
        ("T.TSV", GOOD.replace(",", "\t")),
        ("t.csv.gz", gzip.compress(GOOD.encode(), mtime=0)),
        ("t.csv", "text,label,split\ngood film,pos,train\nbad film,neg,\n"),
    ],
)
def test_a_table_is_read(place, name, content):
    place(**{name: content})
    assert read(name) == TWO


def test_json_lines_are_read_with_labels_that_are_names_or_numbers(place):
    place(**{"t.jsonl": '{"text": "a", "label": 1}\n\n{"text": "b", "label": "x", "split": "val"}'})
    assert read("t.jsonl") == [("a", "1", "train", 1), ("b", "x", "validation", 3)]


def test_a_quoted_field_may_hold_line_breaks_delimiters_and_quotes(place):
    place(**{"t.csv": 'text,label\n"one, ""two""\nthree",pos\nfour,neg\n'})
    assert read("t.csv") == [('one, "two"\nthree', "pos", "train", 2), ("four", "neg", "train", 4)]


def test_without_quotes_a_quote_is_a_character_like_any_other(place):
    place(**{"t.tsv": 'text\tlabel\n"oh\tpos\n5" long\tneg\n'})
    style = Style(has_quotes=False)
    assert [text for text, *_ in read("t.tsv", style=style)] == ['"oh', '5" long']


def test_a_field_longer_than_the_limit_of_the_csv_module_is_read(place):
    before = csv.field_size_limit()
    place(**{"t.csv": f"text,label\n{'long ' * 40_000},pos\nb,neg\n"})
    assert len(read("t.csv")[0][0]) == 200_000
    assert csv.field_size_limit() == before


def test_a_folder_may_hold_a_table_for_each_split(place):
    place(**{"d/train.csv": GOOD, "d/dev.jsonl": "", "d/test.tsv": "text\tlabel\nok\tpos\n"})
    Path("d/dev.jsonl").rename("d/valid.jsonl")
    Path("d/valid.jsonl").write_text('{"text": "so so", "label": "neg"}\n')
    assert {(text, split) for text, _, split, _ in read("d")} == {
        ("good film", "train"),
        ("bad film", "train"),
        ("so so", "validation"),
        ("ok", "test"),
    }


@pytest.mark.parametrize("prefix", ["", "train/"])
def test_class_folders_hold_a_text_in_each_file(place, prefix):
    place(
        **{f"d/{prefix}pos/1.txt": "good\nfilm\n", f"d/{prefix}neg/1.txt.gz": gzip.compress(b"bad")}
    )
    assert read("d") == [("bad", "neg", "train", 1), ("good\nfilm", "pos", "train", 1)]


def test_class_files_hold_a_text_on_each_line(place):
    place(**{"d/pos.txt": "good\nfine\n", "d/neg.txt.gz": gzip.compress(b"bad"), "d/.hidden": "x"})
    assert read("d") == [
        ("bad", "neg", "train", 1),
        ("good", "pos", "train", 1),
        ("fine", "pos", "train", 2),
    ]


def test_class_files_may_differ_in_the_ending_alone(place):
    place(**{"d/rt.neg.gz": gzip.compress(b"bad\n"), "d/rt.pos": "good\nfine\n"})
    assert read("d") == [
        ("bad", "neg", "train", 1),
        ("good", "pos", "train", 1),
        ("fine", "pos", "train", 2),
    ]


def test_another_encoding_is_read_when_it_is_named(place):
    place(**{"t.csv": "text,label\ncaf\xe9,pos\n".encode("latin-1")})
    assert read("t.csv", style=Style(encoding="latin-1")) == [("caf\xe9", "pos", "train", 2)]


BAD = {
    "not UTF-8": (
        {"t.csv": b"text,label\nfine,pos\ncaf\xe9,neg\n"},
        "t.csv:3: not utf-8 ('utf-8' codec can't decode byte 0xe9 in position 3: invalid "
        "continuation byte); fix: save it as UTF-8, or name its encoding, such as "
        "data.encoding=latin-1",
    ),
    "UTF-16": ({"t.csv": GOOD.encode("utf-16")}, "t.csv: UTF-16; fix: save it as UTF-8"),
    "UTF-32": ({"t.csv": GOOD.encode("utf-32")}, "t.csv: UTF-32; fix: save it as UTF-8"),
    "NUL": ({"t.csv": "text,label\na\0b,pos\n"}, "t.csv:2: a NUL character; fix: remove it"),
    "empty file": ({"t.csv": ""}, "t.csv: empty file; fix: restore or remove it"),
    "empty text": ({"t.csv": "text,label\n  ,pos\n"}, "t.csv:2: an empty text; fix: remove it"),
    "no label": (
        {"t.csv": "text,label\na, \n"},
        "t.csv:2: no label; fix: give it one, or remove it",
    ),
    "too few fields": (
        {"t.csv": "text,label\na\n"},
        "t.csv:2: 1 fields, the header has 2; fix: put fields that hold the delimiter or a quote "
        "into quotes",
    ),
    "too many fields": (
        {"t.csv": "text,label\nwell, fine,pos\n"},
        "t.csv:2: 3 fields, the header has 2; fix: put fields that hold the delimiter or a quote "
        "into quotes",
    ),
    "column twice": (
        {"t.csv": "text,label,text\na,b,c\n"},
        "t.csv:1: column 'text' is there twice; fix: rename one, or set data.header=false if no "
        "line names the columns",
    ),
    "no text column": (
        {"t.csv": "review,label\na,b\n"},
        "t.csv:1: no column 'text' in the header; fix: set data.text_column; one of label, review; "
        "or data.header=false if it is a row",
    ),
    "no label column": (
        {"t.csv": "text,labels\na,b\n"},
        "t.csv:1: no column 'label' in the header; fix: set data.label_column; did you mean "
        "'labels'?; or data.header=false if it is a row",
    ),
    "open quote": (
        {"t.csv": 'text,label\nfine,pos\n"bad,neg\nmore,pos\n'},
        "t.csv:3: no row (unexpected end of data); fix: double a quote within quotes, and close "
        "each; or set data.quotes=false",
    ),
    "stray quote": (
        {"t.csv": 'text,label\n"bad"film,neg\n'},
        "t.csv:2: no row (',' expected after '\"'); fix: double a quote within quotes, and close "
        "each; or set data.quotes=false",
    ),
    "unknown split": (
        {"t.csv": "text,label,split\na,pos,tests\n"},
        "t.csv:2: no split is called 'tests'; fix: did you mean 'test'?; or set "
        "data.split_column=null",
    ),
    "label not printable": (
        {"t.csv": "text,label\na,p\x07s\n"},
        "t.csv:2: label 'p\\x07s' is not printable; fix: rename the class",
    ),
    "not JSON": (
        {"t.jsonl": '{"text": "a", "label": 1}\n{"text"\n'},
        "t.jsonl:2: not JSON (Expecting ':' delimiter: line 1 column 8 (char 7)); fix: give each "
        "line one object",
    ),
    "JSON nested": (
        {"t.jsonl": "[" * 100_000},
        "t.jsonl:1: not JSON (nested too deeply); fix: give each line one object",
    ),
    "JSON key twice": (
        {"t.jsonl": '{"text": "a", "text": "b", "label": 1}'},
        "t.jsonl:1: not JSON (a key twice); fix: give each line one object",
    ),
    "JSON list": (
        {"t.jsonl": '["a", 1]'},
        "t.jsonl:1: no object; fix: give each line one object",
    ),
    "JSON without key": (
        {"t.jsonl": '{"sentence": "a", "label": 1}'},
        "t.jsonl:1: no key 'text'; fix: set data.text_column, to one of sentence, label",
    ),
    "JSON text is a number": (
        {"t.jsonl": '{"text": 5, "label": 1}'},
        "t.jsonl:1: 'text' is 5; fix: give a text in quotes",
    ),
    "JSON label is a fraction": (
        {"t.jsonl": '{"text": "a", "label": 0.5}'},
        "t.jsonl:1: 'label' is 0.5; fix: give a name or an integer",
    ),
    "JSON surrogate": (
        {"t.jsonl": r'{"text": "\ud800", "label": 1}'},
        "t.jsonl:1: half of a surrogate pair; fix: write the file again",
    ),
    "damaged gzip": (
        {"t.csv.gz": gzip.compress(GOOD.encode() * 100, mtime=0)[:-20]},
        "t.csv.gz: damaged (Compressed file ended before the end-of-stream marker was reached); "
        "fix: write the file again",
    ),
    "no gzip": (
        {"t.csv.gz": GOOD},
        "t.csv.gz: damaged (Not a gzipped file (b'te')); fix: write the file again",
    ),
    "no table": (
        {"t.pdf": GOOD},
        "t.pdf: not a folder or a table; fix: give it the ending .csv, .tsv, .jsonl, .ndjson, or "
        "one of these with .gz",
    ),
    "one class file": (
        {"d/pos.txt": "a\n"},
        "d: 1 class files; need 2 classes; fix: make a folder, or a file CLASS.txt, for each class",
    ),
    "other file": (
        {"d/pos.txt": "a\n", "d/neg.doc": "b\n"},
        "d/neg.doc: neither a text file nor a table; fix: remove it, or set "
        "data.files=all where it is a text",
    ),
    "splits in the ending": (
        {"d/TREC.train": "a\n", "d/TREC.test": "b\n"},
        "d/TREC.test: neither a text file nor a table; fix: remove it, or set "
        "data.files=all where it is a text",
    ),
    "two delimiters": (
        {"t.csv": "texts;x,label\na;b,c\n"},
        "t.csv:1: the delimiter may be comma or semicolon; fix: set data.delimiter",
    ),
    "class twice": (
        {"d/pos.txt": "a\n", "d/pos.txt.gz": gzip.compress(b"b", mtime=0)},
        "d/pos.txt.gz: a second file of class 'pos'; fix: remove one",
    ),
    "blank line": (
        {"d/pos.txt": "a\n\nb\n", "d/neg.txt": "b\n"},
        "d/pos.txt:2: an empty text; fix: remove it",
    ),
    "no train table": (
        {"d/test.csv": GOOD},
        "d: no table of train; fix: name the one to train on train.csv",
    ),
    "table of no split": (
        {"d/train.csv": GOOD, "d/reviews.csv": GOOD},
        "d/reviews.csv: not the table of a split; fix: name the tables train, validation and test, "
        "or name one of them by data.path",
    ),
    "split twice": (
        {"d/train.csv": GOOD, "d/val.csv": GOOD, "d/validation.csv": GOOD},
        "d/validation.csv: a second table of validation; fix: remove one, or name one by data.path",
    ),
    "picture in a class": (
        {"d/pos/a.png": "x", "d/neg/a.txt": "x"},
        "d/pos/a.png: not a .txt file; fix: remove it, or set data.files=all where it is a text",
    ),
    "one class folder": (
        {"d/pos/a.txt": "x"},
        "d: 1 class, 'pos' in train; need 2 classes; fix: make a folder for each class",
    ),
    "text beside the classes": (
        {"d/pos/a.txt": "x", "d/neg/a.txt": "x", "d/b.txt": "x"},
        "d/b.txt: a text file outside of the class folders; fix: move it into the folder of its "
        "class",
    ),
    "folder in a class": (
        {"d/pos/deep/a.txt": "x", "d/neg/a.txt": "x"},
        "d/pos/deep: a folder within class 'pos'; fix: move its texts into the folder of the class",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_one_line_with_file_line_and_fix(place, case):
    files, message = BAD[case]
    place(**files)
    with pytest.raises(DataError) as caught:
        read(next(iter(files)).split("/")[0])
    assert str(caught.value) == message


def test_a_quote_left_open_ends_where_a_text_is_too_long(place, monkeypatch):
    monkeypatch.setattr("fmtool.data.reading.delimited.MAX_CHARACTERS", 1000)
    place(**{"t.csv": 'text,label\n"bad,neg\n' + "more,pos\n" * 1000})
    with pytest.raises(LineError, match=r"^t\.csv:2: no row \(field larger than field limit"):
        read("t.csv")


def test_a_link_out_of_the_folder_is_not_followed(place):
    place(**{"d/neg/a.txt": "x", "d/pos/a.txt": "x", "secret.txt": "y"})
    Path("d/pos/b.txt").symlink_to(Path("secret.txt").resolve())
    with pytest.raises(DataError, match=r"^d/pos/b\.txt: link leaves dataset; fix: "):
        read("d")


def test_a_file_that_unpacks_to_far_more_than_it_is_is_refused(place, monkeypatch):
    monkeypatch.setattr(text_lines, "_ALWAYS_ALLOWED", 1 << 16)
    place(**{"t.csv.gz": gzip.compress(b"text,label\n" + (b"a" * 100 + b",b\n") * 10_000)})
    with pytest.raises(DataError, match=r"^t\.csv\.gz: .* unpack to more than \d+\.\d KiB; fix"):
        read("t.csv.gz")


def test_a_line_without_an_end_is_not_read_into_memory(place, monkeypatch):
    monkeypatch.setattr(text_lines, "_MAX_LINE_BYTES", 1 << 10)
    place(**{"t.csv": "text,label\n" + "a" * 2000})
    with pytest.raises(LineError, match=r"^t\.csv:2: a line of more than 1\.0 KiB; fix: "):
        read("t.csv")


def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(place):
    from fmtool.errors import OutOfMemory

    place(**{"t.csv": GOOD})
    with Path("t.csv").open("r+b") as file:
        file.truncate(1 << 43)
    with pytest.raises(OutOfMemory, match=r"^t\.csv: 8\.0 TiB do not fit into "):
        read("t.csv")


def test_problems_can_be_collected_with_their_lines_and_the_other_texts_read(place):
    place(
        **{
            "t.csv": b'text,label\na,pos\n,pos\nb\n\xff,neg\nc,\n"d"e,pos\nf,neg\ng,pos,\n',
        }
    )
    problems = []
    assert [text for text, *_ in read("t.csv", report=problems.append)] == ["a", "f"]
    assert [problem.line for problem in problems] == [3, 4, 5, 6, 7, 9]


def test_a_header_that_is_no_text_is_not_replaced_by_the_next_row(place):
    place(**{"t.csv": b"text,label,\xff\ntext,label\na,b\n"})
    with pytest.raises(LineError, match=r"^t\.csv:1: no header; fix: correct the first line$"):
        read("t.csv", report=[].append)


def test_a_row_behind_a_line_that_was_left_out_keeps_its_number(place):
    place(**{"t.csv": b"text,label\n\xff,neg\na\n"})
    problems = []
    read("t.csv", report=problems.append)
    assert [problem.line for problem in problems] == [2, 3]


@pytest.mark.parametrize("name", ["utf-8", "latin-1", "cp1252", "shift_jis", "ascii"])
def test_encodings_in_which_a_line_ends_by_one_byte_are_read(name):
    assert is_line_encoding(name)


@pytest.mark.parametrize(
    "name", ["utf-16", "utf-32-le", "rot13", "zlib", "", "no\0pe", "undefined", "utf-7x"]
)
def test_other_encodings_are_not(name):
    assert not is_line_encoding(name)


def test_json_is_what_is_read(place):
    """A text survives as it is: nothing is stripped or normalised while reading."""
    text = "  two  spaces, \u00e9 and e\u0301\t"
    place(**{"t.jsonl": json.dumps({"text": text, "label": "x"})})
    assert read("t.jsonl")[0][0] == text
