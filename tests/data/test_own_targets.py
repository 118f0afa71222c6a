"""Readers of the user's own data give labels, several labels and numbers, or say why not."""

import json

import numpy as np
import pytest

from fmtool import options, validate
from fmtool.config.compose import compose
from fmtool.data.splitting import loading
from fmtool.data.splitting.measured import Measured
from fmtool.errors import DataError, UsageError
from fmtool.targets import Label, Labels, Numbers

X = np.random.default_rng(0).normal(size=(40, 3))
SEVERAL = np.random.default_rng(1).integers(0, 2, (40, 3))
TARGETS = np.random.default_rng(2).normal(size=(40, 2))


def config(name, **keys):
    return validate.option("data", compose("train", [f"data={name}"])["data"] | keys)


@pytest.fixture
def read(fmtool):
    def read(name, path, **keys):
        return options.data(name).load(config(name, path=str(fmtool.folder / path), **keys))

    return read


@pytest.fixture
def arrays(fmtool, read):
    def load(y, *, x=X, target="auto", target_names=None, **others):
        np.savez(fmtool.folder / "set.npz", x=x, y=y, **others)
        return read("arrays", "set.npz", target=target, target_names=target_names)

    return load


@pytest.mark.parametrize(
    ("y", "target"),
    [
        (TARGETS, Numbers(("y0", "y1"), (2,))),
        (TARGETS[:, 0], Numbers(("y0",), (1,))),
        (TARGETS[:, :1].astype(np.float32), Numbers(("y0",), (1,))),
        (SEVERAL, Labels(("y0", "y1", "y2"))),
        (SEVERAL.astype(bool), Labels(("y0", "y1", "y2"))),
        (SEVERAL[:, 0], Label(("0", "1"))),
        (np.arange(40, dtype=np.uint8) % 3, Label(("0", "1", "2"))),
    ],
)
def test_arrays_tell_their_target(arrays, y, target):
    splits = arrays(y)
    assert splits.target == target
    rows = np.concatenate([splits.train.y, splits.test.y])
    order = np.concatenate([splits.train.sample_names, splits.test.sample_names])
    assert rows.dtype == target.dtype
    np.testing.assert_array_equal(rows, np.asarray(y)[order].reshape(rows.shape))


def test_counts_are_numbers_and_one_column_is_several_labels_where_that_is_said(arrays):
    assert arrays(SEVERAL[:, 0] + 5, target="numbers").target == Numbers(("y0",), (1,))
    one = arrays(SEVERAL[:, :1], target="labels", target_names=["barks"])
    assert (one.target, one.train.y.shape[1]) == (Labels(("barks",)), 1)


def test_names_of_a_target_are_in_the_file_or_in_the_key(arrays):
    names = np.array(["red", "green", "blue"])
    assert arrays(SEVERAL, class_names=names).target.names == ("red", "green", "blue")
    assert arrays(TARGETS, target_names=["w", "h"]).target.names == ("w", "h")
    # A file knows the order of its own columns.

    both = arrays(SEVERAL, target_names=["blue", "green", "red"], class_names=names)
    assert both.target.names == ("red", "green", "blue")
    with pytest.raises(
        DataError, match=r"class_names are red, green, blue, but data\.target_names"
    ):
        arrays(SEVERAL, target_names=["blue", "green", "black"], class_names=names)
    with pytest.raises(DataError, match=r"3 data\.target_names, 2 different"):
        arrays(SEVERAL, target_names=["a", "b", "a"])


def test_labels_that_are_one_hot_are_told(arrays, capsys):
    arrays(np.eye(40, dtype=int)[:, :4] + np.eye(40, k=-4, dtype=int)[:, :4])
    assert "exactly one" not in capsys.readouterr().err
    arrays(np.eye(4, dtype=int)[np.arange(40) % 4])
    assert "each sample has exactly one of the classes of y" in capsys.readouterr().err


def test_digests_tell_targets_apart_and_are_those_of_before_for_a_label(arrays):
    x, y = np.arange(60, dtype=np.float64).reshape(20, 3), np.arange(20) % 2
    found = [arrays(y, x=x, target=kind).digest for kind in ("auto", "label", "numbers")]
    assert found[0] == found[1] != found[2]
    assert found[0] == "d582c4baa4a249614370183edfcc914bd2dfb7e495d23e3726b35744e0a6dc41"


@pytest.mark.parametrize("y", [SEVERAL, TARGETS])
def test_folds_cover_all_rows_once(arrays, read, y):
    arrays(y)
    tested = [
        name
        for fold in range(5)
        for name in read("arrays", "set.npz", folds=5, fold=fold).test.sample_names
    ]
    assert sorted(tested) == list(range(40))


def test_a_selection_is_stratified_by_numbers(fmtool, arrays):
    y = np.random.default_rng(3).permutation(200).astype(float)
    arrays(y, x=np.zeros((200, 1)) + y[:, None])
    cfg = config("arrays", path=str(fmtool.folder / "set.npz"))
    data = loading.load(cfg, seed=0)
    tested = data.splits.test.y[:, 0]
    assert (np.histogram(tested, 10, (0, 200))[0] == 4).all()
    validated = data.splits.train.y[data.selection.validation, 0]
    assert (np.abs(np.histogram(validated, 10, (0, 200))[0] - 1.6) < 1).all()


def table(fmtool, header, rows, name="t.csv"):
    text = "\n".join([header, *rows]) + "\n"
    (fmtool.folder / name).write_text(text)


def said(splits):
    """What each text, in order of its line, has of the target."""
    lines = {
        int(line): row.tolist()
        for part in splits.parts.values()
        for line, row in zip(part.sample_names, part.y, strict=True)
    }
    return [lines[line] for line in sorted(lines)]


def test_cells_of_several_classes(fmtool, read):
    cells = ["fun; sad", "sad", "", "fun;fun ;", "odd"] * 4
    table(fmtool, "text,label", [f"text {n},{cell}" for n, cell in enumerate(cells)])
    splits = read("text", "t.csv", target="labels")
    assert splits.target == Labels(("fun", "odd", "sad"))
    assert said(splits)[:5] == [[1, 0, 1], [0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]]
    table(fmtool, "text,label", [f"text {n},{c.replace(';', '|')}" for n, c in enumerate(cells)])
    again = read("text", "t.csv", target="labels", label_separator="|")
    assert (again.target, said(again), again.digest) == (splits.target, said(splits), splits.digest)


def test_columns_of_zeros_and_ones(fmtool, read):
    rows = [f"text {n},{n % 2},x,{int(n % 3 == 0)}" for n in range(20)]
    table(fmtool, "text,sad,other,fun", rows)
    splits = read("text", "t.csv", label_columns=["sad", "fun"])
    assert splits.target == Labels(("sad", "fun"))
    assert said(splits) == [[n % 2, int(n % 3 == 0)] for n in range(20)]


def test_columns_of_numbers(fmtool, read):
    table(fmtool, "text,stars,price", [f"text {n},{n}, {n / 4:.2e}" for n in range(20)])
    splits = read("text", "t.csv", target="numbers", label_columns=["stars", "price"])
    assert splits.target == Numbers(("stars", "price"), (2,))
    assert said(splits) == [[n, float(f"{n / 4:.2e}")] for n in range(20)]
    one = read("text", "t.csv", target="numbers", label_column="stars")
    assert one.target == Numbers(("stars",), (1,))


def test_lists_in_json_are_several_labels(fmtool, read):
    labels = [["fun"] * (n % 2) + ["odd"] for n in range(9)]
    rows = [json.dumps({"text": f"text {n}", "label": each}) for n, each in enumerate(labels)]
    table(fmtool, rows[0], rows[1:], "t.jsonl")
    splits = read("text", "t.jsonl")
    assert splits.target == Labels(("fun", "odd"))
    assert said(splits) == [[n % 2, 1] for n in range(9)]
    rows = [json.dumps({"text": f"text {n}", "label": n / 2}) for n in range(9)]
    table(fmtool, rows[0], rows[1:], "n.jsonl")
    assert said(read("text", "n.jsonl", target="numbers")) == [[n / 2] for n in range(9)]


ROWS = [f"text {n},a,1" for n in range(9)]


@pytest.mark.parametrize(
    ("row", "keys", "message"),
    [
        ("x,", {"target": "numbers"}, "t.csv:11: no number in column 'label'; fix: fill it in, or"),
        ("x,nan", {"target": "numbers"}, "t.csv:11: 'nan' in column 'label' is not a finite decim"),
        ("x,-inf", {"target": "numbers"}, "t.csv:11: '-inf' in column 'label' is not a finite de"),
        ("x,1e999", {"target": "numbers"}, "t.csv:11: '1e999' in column 'label' is not a finite "),
        ("x,0x10", {"target": "numbers"}, "t.csv:11: '0x10' in column 'label' is not a finite d"),
        ('x,"1,5"', {"target": "numbers"}, "t.csv:11: '1,5' in column 'label' is not a finite d"),
        ("x,2", {"label_columns": ["label"]}, "t.csv:11: '2' in column 'label'; fix: write 0 or 1"),
        ("x,", {"label_columns": ["label"]}, "t.csv:11: '' in column 'label'; fix: write 0 or 1"),
        ("x,0\x07", {"target": "labels"}, "t.csv:11: label '0\\x07' is not printable; fix: ren"),
        ("x,1", {"label_columns": ["labels"]}, "t.csv:1: no column 'labels' in the header; fix: "),
    ],
)
def test_a_cell_that_says_nothing_is_named_with_its_line(fmtool, read, row, keys, message):
    table(fmtool, "text,label", [*(f"text {n},{n % 2}" for n in range(9)), row])
    with pytest.raises(DataError) as refused:
        read("text", "t.csv", **keys)
    assert str(refused.value).removeprefix(f"{fmtool.folder}/").startswith(message)


def test_a_column_without_a_one_is_named(fmtool, read):
    table(fmtool, "text,a,b", [f"text {n},{n % 2},0" for n in range(9)])
    with pytest.raises(DataError, match=r"t\.csv: class 'b' is absent from train"):
        read("text", "t.csv", label_columns=["a", "b"])


def test_class_folders_give_one_label_alone(fmtool, read, pictures):
    with pytest.raises(DataError, match=r"class folders give one class for each sample, not num"):
        read("image_folder", "pictures", target="numbers")
    (fmtool.folder / "texts").mkdir()
    for name in "ab":
        (fmtool.folder / "texts" / f"{name}.txt").write_text("some text\n" * 9)
    with pytest.raises(DataError, match=r"folders and files of classes give one class for each"):
        read("text", "texts", target="labels")
    with pytest.raises(UsageError, match=r"data\.label_columns is of a table, but"):
        read("image_folder", "pictures", label_columns=["a"])


FILES = [f"{name}/{number}.png" for name in "ab" for number in range(5)]


def test_tables_of_pictures_give_several_labels_and_numbers(fmtool, read, pictures):
    def write(header, cells):
        rows = [f"{path},{cell}" for path, cell in zip(FILES, cells, strict=True)]
        table(fmtool, header, rows, "pictures/t.csv")

    write("path,label", ["x;y", "y"] * 5)
    several = read("image_folder", "pictures/t.csv", target="labels")
    write("path,x,y", ["1,1", "0,1"] * 5)
    columns = read("image_folder", "pictures/t.csv", label_columns=["x", "y"])
    assert several.target == columns.target == Labels(("x", "y"))
    assert several.digest == columns.digest
    assert several.train.y.tolist() == columns.train.y.tolist()
    write("path,age", [f"{number}.5" for number in range(10)])
    numbers = read("image_folder", "pictures/t.csv", target="numbers", label_column="age")
    assert numbers.target == Numbers(("age",), (1,))
    found = {
        name: row.tolist()
        for part in numbers.parts.values()
        for name, row in zip(part.sample_names, part.y, strict=True)
    }
    assert found == {path: [place + 0.5] for place, path in enumerate(FILES)}
    write("path,age", [*map(str, range(9)), "?"])
    with pytest.raises(DataError, match=r"t\.csv:11: '\?' in column 'age' is not a finite dec"):
        read("image_folder", "pictures/t.csv", target="numbers", label_column="age")


def test_a_class_in_a_cell_that_train_has_not_is_named(fmtool, read, pictures):
    rows = [f"{path},x;y,{'test' if n == 3 else 'train'}" for n, path in enumerate(FILES)]
    rows[3] = f"{FILES[3]},x;z,test"
    table(fmtool, "path,label,split", rows, "pictures/t.csv")
    with pytest.raises(DataError, match=r"t\.csv:5: class 'z' is absent from train"):
        read("image_folder", "pictures/t.csv", target="labels")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"label_columns": ["a", "a"]}, "label_columns names a column twice"),
        ({"label_columns": ["a"], "target": "label"}, "target=label has one column of classes"),
        ({"label_columns": []}, "label_columns"),
        ({"label_separator": ""}, "label_separator"),
        ({"target": "mask"}, "target"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys, message):
    with pytest.raises(UsageError, match=message):
        config("text", path="t.csv", **keys)


def test_others_are_measured_by_the_targets_of_a_run(fmtool):
    def measured(target, name, **keys):
        asked = Measured(target, "auto", "x")
        cfg = config(name, **keys)
        return loading.load_measured(cfg, asked, artifacts={})

    path = str(fmtool.folder / "set.npz")
    run = Labels(("c", "a", "b"))
    np.savez(path, x=X, y=SEVERAL[:, :2], class_names=np.array(["a", "b"]))
    found = measured(run, "arrays", path=path)
    assert (found.target, found.test.y[:, 1:].tolist()) == (run, SEVERAL[:, :2].tolist())
    with pytest.raises(DataError, match=r"y of train: class 'b' is none of the run's"):
        measured(Labels(("a", "c")), "arrays", path=path)
    np.savez(path, x=X, y=TARGETS, target_names=np.array(["h", "w"]))
    found = measured(Numbers(("w",), (1,)), "arrays", path=path)
    assert found.test.y[:, 0].tolist() == TARGETS[:, 1].tolist()
    np.savez(path, x=X, y=np.arange(40))
    found = measured(Numbers(("w",), (1,)), "arrays", path=path)
    assert found.test.y[:, 0].tolist() == list(range(40))


def test_texts_are_measured_by_the_targets_of_a_run(fmtool, read):
    table(fmtool, "text,label", [f"text {n},{'a;b' if n else 'a'}" for n in range(3)])
    cfg = config("text", path=str(fmtool.folder / "t.csv"), target="labels")
    load = options.data("text").load_measured
    found = load(cfg, Measured(Labels(("b", "x", "a")), "auto", "x"))
    assert found.test.y.tolist() == [[0, 0, 1], [1, 0, 1], [1, 0, 1]]
    with pytest.raises(DataError, match=r"t\.csv:3: class 'b' is none of the run's, which are 'a'"):
        load(cfg, Measured(Labels(("a",)), "auto", "x"))
