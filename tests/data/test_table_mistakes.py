"""Tables that are easily read as something else than they are: said, or read as what they are."""

import shlex
import unicodedata

import numpy as np
import pytest
from PIL import Image

from fmtool.cli.data_check import load_local

ROWS = [f"a film of {n} minutes,{('pos', 'neg')[n % 2]}" for n in range(20)]


@pytest.fixture
def texts(fmtool, monkeypatch):
    """Loads what is written into a table of texts; gives texts and labels in order."""
    monkeypatch.chdir(fmtool.folder)

    def read(content, *words, name="t.csv"):
        content = content.encode() if isinstance(content, str) else content
        (fmtool.folder / name).write_bytes(content)
        keys = dict(word.removeprefix("data.").split("=", 1) for word in words)
        splits = load_local("text", {"path": name, **keys})
        found = [
            (text, splits.class_names[label])
            for split in splits.parts.values()
            for text, label in zip(split.x, split.y, strict=True)
        ]
        return sorted(found)

    return read


EXPECTED = sorted(tuple(row.split(",")) for row in ROWS)
LINES = "\n".join(["text,label", *ROWS, ""])


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("a film of 99 minutes,pos", ("text_column=a film of 99 minutes", "label_column=pos")),
        ("text,neg", ("label_column=neg",)),
    ],
)
def test_a_header_that_looks_like_a_row_is_refused_and_the_fix_reads_it(call, texts, first, words):
    from fmtool.errors import DataError

    with pytest.raises(DataError, match=r"t.csv:1: no header: '(pos|neg)' looks like") as error:
        texts("\n".join([first, *ROWS]), *words)
    typed = shlex.split(error.value.fix.removeprefix("set ").partition(", or ")[0])
    assert typed == ["data.header=false", "data.text_column=0", "data.label_column=1"]
    assert texts("\n".join([first, *ROWS]), *typed) == sorted([*EXPECTED, tuple(first.split(","))])
    assert texts("\n".join([first, *ROWS]), *words, "header=true") == EXPECTED


def test_numbers_above_numbers_are_no_header(call, fmtool, texts):
    rows = "\n".join(f"t{n},{n % 3}" for n in range(30))
    (fmtool.folder / "t.csv").write_text(f"t,7\n{rows}\n")
    outcome = call("data", "check", "text", "path=t.csv", "text_column=t", "label_column=7")
    assert outcome.code == 65
    assert "t.csv:1: no header: '7' looks like a label" in outcome.err


def test_inspect_proposes_to_read_a_table_without_a_header(call, fmtool):
    rows = [f"some words about {n},{('pos', 'neg')[n % 2]}" for n in range(50)]
    (fmtool.folder / "t.csv").write_text("\n".join(rows))
    outcome = call("data", "inspect", "path=t.csv", "--json")
    assert (outcome.code, outcome.json["samples"]) == (0, 50)
    words = shlex.split(outcome.json["next"][0])
    assert {"data.header=false", "data.text_column=0", "data.label_column=1"} <= set(words)


def test_a_table_of_pictures_without_a_header_keeps_its_first_picture(call, fmtool):
    rows = []
    for number in range(20):
        pixels = np.random.default_rng(number).integers(0, 256, (4, 4), np.uint8)
        Image.fromarray(pixels).save(fmtool.folder / f"{number}.png")
        rows.append(f"{number}.png,{'ab'[number % 2]}")
    (fmtool.folder / "t.csv").write_text("\n".join(rows))
    words = ("data", "check", "image_folder", "path=t.csv", "--json")
    refused = call(*words, "path_column=0.png", "label_column=a")
    assert refused.code == 65
    fix = "set data.header=false data.path_column=0 data.label_column=1, or data.header=true"
    assert fix in refused.json["error"]["message"]
    taken = call(*words, "header=false", "path_column=0", "label_column=1")
    assert sum(sum(each["class_counts"]) for each in taken.json["splits"].values()) == 20


@pytest.mark.parametrize("row", [3, 18])
def test_a_quote_that_swallows_rows_is_named_by_its_line(texts, row):
    from fmtool.errors import DataError

    rows = [*ROWS]
    rows[row] = f'"{rows[row]}'
    rows[row + 1] = rows[row + 1].replace(",", '",')
    content = "\n".join(["text,label", *rows])
    with pytest.raises(DataError, match=f"t.csv:{row + 2}: a quote, closed 1 lines below") as error:
        texts(content)
    assert error.value.fix.endswith("or set data.quotes=false")
    assert len(texts(content, "quotes=false")) == len(ROWS)


def test_a_text_of_several_lines_with_commas_is_one_text(texts):
    rows = [f'"Dear {n},\nI liked it, truly\nYours, x",{row[-3:]}' for n, row in enumerate(ROWS)]
    assert len(texts("\n".join(["text,label", *rows]))) == len(ROWS)


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\n" + LINES.replace(",", ";"),
        '"sep=;"\r\n' + LINES.replace(",", ";").replace("\n", "\r\n"),
        "\ufeffsep=\t\n" + LINES.replace(",", "\t"),
        LINES.replace("\n", "\r"),
        LINES.replace("\n", "\r").removesuffix("\r"),
        LINES.replace("\n", "\r\n"),
    ],
)
def test_a_stated_delimiter_and_every_end_of_a_line_are_understood(texts, content):
    assert texts(content) == EXPECTED


def test_lines_are_counted_below_a_stated_delimiter(texts):
    from fmtool.errors import DataError

    with pytest.raises(DataError, match=r"t.csv:4: 3 fields"):
        texts("sep=;\ntext;label\na;pos\nb;neg;c\n")
    with pytest.raises(DataError, match=r"t.csv:2: 3 fields"):
        texts("a;pos\nb;neg;c\n", "header=false", "text_column=0", "label_column=1")


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_paths_are_found_in_either_form_of_unicode(fmtool, monkeypatch, on_disk, in_table):
    monkeypatch.chdir(fmtool.folder)
    folder = fmtool.folder / unicodedata.normalize(on_disk, "caf\u00e9")
    folder.mkdir()
    rows = []
    for number in range(20):
        name = f"\u00fc{number}.png"
        pixels = np.random.default_rng(number).integers(0, 256, (4, 4), np.uint8)
        Image.fromarray(pixels).save(folder / unicodedata.normalize(on_disk, name))
        written = unicodedata.normalize(in_table, f"caf\u00e9/{name}")
        rows.append(f"{written},{'ab'[number % 2]}")
    (fmtool.folder / "t.csv").write_text("\n".join(["path,label", *rows]))
    assert sum(map(len, load_local("image_folder", {"path": "t.csv"}).parts.values())) == 20
