"""`fmtool data inspect`: typed keys, one line for what is alike, and what is odd about numbers."""

import json

import numpy as np
import pytest


@pytest.fixture
def inspect(call):
    def run(path, *argv, code=0):
        outcome = call("data", "inspect", f"path={path}", *argv, "--json")
        assert outcome.code == code, outcome.err
        return outcome.json

    return run


def problems(report, *, stops_training):
    return [each for each in report["problems"] if each["stops_training"] is stops_training]


@pytest.fixture
def faces(fmtool, save_picture):
    """40 persons, 6 grey pictures of each."""
    for person in range(1, 41):
        for number in range(1, 7):
            path = fmtool.folder / "faces" / f"s{person}" / f"{person}_{number}.pgm"
            save_picture(path, mode="L", size=(12, 9))
    return fmtool.folder / "faces"


def test_forty_classes_that_are_small_are_one_line_and_in_natural_order(inspect, faces):
    report = inspect("faces")
    assert [each["name"] for each in report["classes"]][:11] == [f"s{n}" for n in range(1, 12)]
    (small,) = problems(report, stops_training=False)
    assert small["message"] == (
        "40 classes have fewer than 20 samples: 's1' (6), 's2' (6), 's3' (6) and 37 more"
    )
    assert report["statistics"]["formats"] == {"PPM": 240}


def test_problems_that_are_alike_are_one_with_a_count(call, fmtool, save_picture):
    for name in "abcd":
        for number in range(6):
            path = save_picture(fmtool.folder / "set" / name / f"{name}{number}.pgm", mode="L")
            if name in "ab":
                path.write_bytes(b"" if number % 2 else path.read_bytes()[:-7])
    found = json.loads(call("data", "inspect", "path=set", "--json").out)
    cut, empty, gone = problems(found, stops_training=True)
    assert (empty["count"], cut["count"], gone["count"]) == (6, 6, 2)
    assert empty["message"] == "set/a/a1.pgm: empty file (and 5 like it)"
    assert empty["others"][0] == "set/a/a3.pgm: empty file"
    assert cut["message"].startswith("set/a/a0.pgm: truncated image (")
    assert cut["message"].endswith("(and 5 like it)")
    shown = call("data", "inspect", "path=set").out
    assert "stops a training: 14" in shown
    assert "next, once the 14 problems are mended:" in shown
    assert shown.count("like it)") == 3


def test_loose_pictures_are_named_once(call, faces, fmtool):
    loose = fmtool.folder / "loose"
    loose.mkdir()
    for number, path in enumerate(sorted(faces.rglob("*.pgm"))):
        path.rename(loose / f"{number}.pgm")
    outcome = call("data", "inspect", "path=loose")
    assert outcome.code == 65
    assert "loose/0.pgm: a picture outside of the class folders (and 239 like it)" in outcome.out
    assert outcome.error.count("(and 1 other problem)") == 1


CREDIT = "ID,LIMIT_BAL,SEX,AGE,town,default payment next month"


def credit(fmtool, count=120):
    rows = [
        f"{n + 1},{5000 * (n % 9)},{n % 2 + 1},{'NA' if n == 5 else 20 + n % 30},t{n % 3},"
        f"{int(n % 8 == 0)}"
        for n in range(count)
    ]
    fmtool.write("credit.csv", "\n".join([CREDIT, *rows, ""]))


def test_a_csv_of_numbers_is_a_table_and_says_what_it_guessed(inspect, fmtool):
    credit(fmtool)
    report = inspect("credit.csv")
    assert (report["kind"], report["samples"]) == ("number_table", 120)
    assert [each["name"] for each in report["classes"]] == ["0", "1"]
    assert report["statistics"]["columns"] == "2: LIMIT_BAL, SEX"
    assert [(each["message"], each["fix"]) for each in report["problems"]][:4] == [
        ("column 'default payment next month' is taken for what is learnt: it is the last one",
         "label_column=NAME says another"),
        ("left out, since they only number the rows: ID", "nothing has to be done"),
        ("left out, since they hold no numbers: town",
         "write a column of 0 and 1 for each value to learn from them"),
        ("left out, since they have empty cells: AGE (1)", "fill them in"),
    ]  # fmt: skip
    imbalance = report["problems"][-1]
    assert imbalance["message"].startswith("the largest class has 7.0 times as many samples")
    assert "task.class_weights=balanced" in imbalance["fix"]


def test_typed_keys_decide_and_are_passed_on(inspect, fmtool):
    credit(fmtool)
    words = ("label_column=SEX", "data.columns=[LIMIT_BAL,default payment next month]")
    report = inspect("credit.csv", *words, "test_fraction=0.3")
    assert report["next"][0] == (
        "fmtool train model=mlp data=table data.path=credit.csv data.label_column=SEX "
        '\'data.columns=["LIMIT_BAL","default payment next month"]\' data.test_fraction=0.3'
    )
    assert report["statistics"]["columns"] == "2: LIMIT_BAL, default payment next month"
    assert [each["name"] for each in report["classes"]] == ["1", "2"]


def test_a_number_with_many_values_is_learnt_as_such(inspect, fmtool):
    rows = (f"{n % 5},{n % 7 + 0.5},{n * n % 101}" for n in range(120))
    fmtool.write("t.csv", "\n".join(["rooms,size,price", *rows, ""]))
    report = inspect("t.csv")
    assert report["target"] == {"kind": "numbers", "names": ["price"], "shape": [1]}
    assert "data.target=numbers" in report["next"][0]
    assert "task=regression" in report["next"][0]


def test_tables_of_words_stay_texts(inspect, fmtool):
    fmtool.write("t.csv", "id,name,country\n" + "".join(f"{n},n{n},{'ab'[n % 2]}\n"
                                                        for n in range(60)))  # fmt: skip
    assert inspect("t.csv")["kind"] == "text_table"


def test_of_a_competition_the_table_without_labels_is_no_part(inspect, fmtool):
    fmtool.write("c/train.csv", "a,b,class\n" + "".join(f"{n},{n % 7}.5,{n % 2}\n"
                                                        for n in range(60)))  # fmt: skip
    fmtool.write("c/test.csv", "a,b\n1,2.5\n")
    report = inspect("c")
    assert (report["kind"], report["path"]) == ("number_table", "c/train.csv")


def test_quotes_that_are_none_get_their_key(inspect, fmtool):
    rows = [f'"{n}" is what they said\t{"ab"[n % 2]}' for n in range(60)]
    fmtool.write("t.tsv", "\n".join(["text\tlabel", *rows, ""]))
    report = inspect("t.tsv")
    assert (report["samples"], report["problems"]) == (60, [])
    assert report["next"][0].endswith("data.quotes=false")


def test_pictures_that_are_turned_and_of_two_depths_are_said(inspect, fmtool, save_picture):
    from PIL import Image

    for name in "ab":
        for number in range(25):
            save_picture(fmtool.folder / "set" / name / f"{name}{number}.png", mode="L")
        save_picture(fmtool.folder / "set" / name / f"{name}deep.png", mode="I;16")
        exif = Image.Exif()
        exif[0x0112] = 8
        made = Image.effect_noise((8, 8), 50 + ord(name))
        made.save(fmtool.folder / "set" / name / "turned.jpg", exif=exif)
    report = inspect("set")
    assert problems(report, stops_training=True) == []
    assert [each["message"] for each in report["problems"]] == [
        "pictures that are turned, as their EXIF data say: 2, such as set/a/turned.jpg",
        "2 of 54 pictures have 16 bits, the others 8",
    ]
    assert report["next"][0].endswith("data.levels=upper")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["data=tables"], "data=tables: no such data set; fix: did you mean 'table'?"),
        (["data=text", "resize=[8,8]"], "data inspect: no key 'resize'; fix: "),
        (["lable_column=x"], "data inspect: no key 'lable_column'; fix: did you mean 'label_col"),
        (["data=table", "header=maybe"], "data.header=maybe"),
        (["encoding=none"], "data.encoding"),
    ],
)
def test_a_mistake_in_a_key_is_one_line(call, fmtool, argv, message):
    credit(fmtool)
    outcome = call("data", "inspect", "path=credit.csv", *argv)
    assert outcome.code == 2
    assert message in outcome.error


def test_check_loads_a_plugin_and_its_folder_of_yaml(call, fmtool):
    fmtool.write("marbles.py", PLUGIN)
    fmtool.write("mine/data/marbles.yaml", "defaults: [/base/data@_here_, _self_]\nname: marbles\n")
    check = call("data", "--plugin", "marbles.py", "check", "marbles", "-cd", "mine", "--json")
    assert check.code == 0, check.err
    assert check.json["splits"]["train"]["class_counts"] == [5, 5]
    shown = call("data", "inspect", "data=marbles", "--plugin", "marbles.py", "-cd", "mine")
    assert shown.code == 0, shown.err
    assert "  fmtool train --plugin marbles.py model=mlp data=marbles\n" in shown.out
    missing = call("data", "check", "marbles", "-cd", "nowhere")
    assert missing.error == "error: -cd: no folder 'nowhere'; fix: write -cd FOLDER"


PLUGIN = """
from typing import Literal

import numpy as np

from fmtool.data.base import DataConfig
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features
from fmtool.targets import Label

KIND = "features"


class Config(DataConfig):
    name: Literal["marbles"]


def load(cfg):
    split = Split(np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10, dtype="i4") % 2)
    return Splits("marbles", split, split, Label(("red", "blue")), "0" * 64, Features((2,)))
"""


def test_series_and_rows_are_proposed_as_such(inspect, fmtool):
    np.savez(
        fmtool.folder / "s.npz", data=np.arange(600.0).reshape(60, 5, 2), target=np.arange(60) % 2
    )
    report = inspect("s.npz")
    assert report["statistics"]["shape"] == [5, 2]
    assert report["next"][0] == (
        "fmtool train model=mlp data=arrays data.path=s.npz data.x=data data.y=target"
    )


TABLES = {
    # case: header, rows, what is in the command, what is said
    "an index of pandas'": (
        ",a,label", lambda n: f"{n},{n % 7}.5,{'xy'[n % 2]}", "'data.ignore_columns=[\"\"]'",
        "left out, since they only number the rows: (no name)",
    ),
    "an end without a name": (
        "a,label,", lambda n: f"{n % 7}.5,{'xy'[n % 2]},", "'data.ignore_columns=[\"\"]'",
        "left out, since they hold no numbers: (no name)",
    ),
    "decimal commas": (
        "a;b;class", lambda n: f"{n},5;0,{n};{'xy'[n % 2]}", "data.decimal=comma", None,
    ),
    "a name that is a class": (
        "a,b,x", lambda n: f"{n % 7}.5,{n % 5},{'xy'[n % 2]}", "data.label_column=x",
        "column 'x' is taken for what is learnt: it is the last one",
    ),
    "names of people": (
        "PassengerId,Survived,Name,Fare,Age",
        lambda n: f'{n + 1},{n % 2},"Braund, Mr. Owen {n}",{n}.25,{20 + n % 9}',
        "data.label_column=Survived 'data.ignore_columns=[\"PassengerId\",\"Name\"]'",
        "left out, since they hold no numbers: Name",
    ),
    "a constant at the end": (
        "a,b,mood,v", lambda n: f"{n % 7}.5,{n % 5},{n % 2},1", "data.label_column=mood",
        "column 'v' is the same in all rows",
    ),
    "years": (
        "year,a,price", lambda n: f"{1950 + n},{n % 5}.5,{n * n % 13}.25",
        "data.label_column=price data.target=numbers", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_a_table_as_it_comes_gets_a_command(inspect, fmtool, case):
    header, row, words, said = TABLES[case]
    fmtool.write("t.csv", "\n".join([header, *map(row, range(60)), ""]))
    report = inspect("t.csv")
    assert (report["kind"], report["samples"]) == ("number_table", 60)
    assert report["next"][0].endswith(words)
    if said is not None:
        assert said in [each["message"] for each in report["problems"]]
    assert problems(report, stops_training=True) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,class\n" + ",,x\n1,2,y\n3,,x\n" * 30, "t.csv:2: no number in column 'a' (and 59 li"),
        ("a,a,class\n" + "1,2,x\n2,3,y\n" * 30, "t.csv:1: column 'a' is there twice"),
        ("a,b,class\n" + "1,2,\n2,3,y\n3,4,x\n" * 30, "t.csv:2: the label is empty (and 29 like"),
    ],
)
def test_what_stops_a_table_is_said_once(call, fmtool, content, message):
    fmtool.write("t.csv", content)
    outcome = call("data", "inspect", "path=t.csv")
    assert message in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("SMSSpam", "ham\tone\n", "fix: if it is a table, give it the ending .csv or .tsv"),
        ("n.jsonl", '{"a": 1, "b": 2, "label": 0}\n' * 9, "n.jsonl: objects of numbers, not of te"),
    ],
)
def test_a_file_that_is_something_else_is_told_what_to_be(call, fmtool, name, content, message):
    fmtool.write(name, content)
    outcome = call("data", "inspect", f"path={name}")
    assert (outcome.code, message in outcome.error) == (65, True)


def test_arrays_by_place_alone_or_beside_others_are_read(inspect, call, fmtool):
    x, y = np.arange(180.0).reshape(60, 3), np.arange(60) % 2
    np.savez(fmtool.folder / "a.npz", x, y)
    assert inspect("a.npz")["next"][0].endswith("data.x=arr_0 data.y=arr_1")
    np.savez(fmtool.folder / "b.npz", x=x, y=y, ids=np.arange(60))
    assert inspect("b.npz")["samples"] == 60
    assert "arrays that are not read: ids" in call("data", "inspect", "path=b.npz").err
    np.save(fmtool.folder / "x.npy", x)
    error = inspect("x.npy", code=65)["error"]["message"]
    assert "x.npy: one array; samples and what is learnt of them are two" in error


def test_where_the_data_lie_is_found_and_nothing_is_put_there(
    inspect, fmtool, save_picture, monkeypatch
):
    unpacked = fmtool.folder / "zip" / "pets"
    for name in ("cat", "dog"):
        for number in range(22):
            save_picture(unpacked / name / f"{name}{number}.png")
    report = inspect("zip")
    assert (report["path"], report["samples"]) == ("zip/pets", 44)
    assert report["next"][0].endswith("data.path=zip/pets")
    (unpacked / "runs" / "2026-01-01_000000_cnn").mkdir(parents=True)
    (unpacked / "runs" / "2026-01-01_000000_cnn" / "config.yaml").write_text("{}")
    (unpacked / "fmtool_conf" / "data").mkdir(parents=True)
    monkeypatch.chdir(unpacked)
    report = inspect(".")
    assert (report["samples"], report["statistics"]["other_files"]) == (44, 2)
    assert not list(unpacked.glob("*.png"))
    assert (unpacked / report["sheet"]).is_file()
