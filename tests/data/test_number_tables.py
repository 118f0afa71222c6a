"""Tables of numbers: what is read, by which columns, and what is refused in one line."""

import gzip

import numpy as np
import pytest

from fmtool import options, validate
from fmtool.config.compose import compose
from fmtool.data.splitting import loading
from fmtool.data.splitting.measured import Measured
from fmtool.errors import DataError, UsageError
from fmtool.targets import Label, Labels, Numbers

ROWS = [f"{n},{n / 8},{'ab'[n % 2]}" for n in range(40)]


@pytest.fixture
def table(tmp_path):
    """Writes a table, and loads it with keys of `data=table`."""

    def load(first, rows, name="t.csv", **keys):
        path = tmp_path / name
        text = "\n".join([*([first] if first else []), *rows, ""])
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return options.data("table").load(config(path, **keys))

    return load


def config(path, **keys):
    composed = compose("train", ["data=table"])["data"]
    return validate.option("data", composed | {"path": str(path)} | keys)


def whole(splits):
    """Rows and targets of all parts in the order of their lines."""
    x = np.concatenate([part.array for part in splits.parts.values()])
    y = np.concatenate([part.y for part in splits.parts.values()])
    lines = np.concatenate([part.sample_names for part in splits.parts.values()])
    order = np.argsort(lines.astype(int))
    return x[order], y[order], lines[order].tolist()


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz"])
def test_rows_of_numbers_have_a_class_and_the_name_of_their_line(table, name):
    rows = [row.replace(",", "\t") for row in ROWS] if name == "t.tsv" else ROWS
    splits = table("a\tb\tclass" if name == "t.tsv" else "a,b,class", rows, name)
    x, y, lines = whole(splits)
    np.testing.assert_array_equal(x, [[n, n / 8] for n in range(40)])
    assert splits.target == Label(("a", "b"))
    assert (y.tolist(), lines) == ([0, 1] * 20, list(range(2, 42)))
    assert (splits.facts, len(splits.test)) == ({"columns": ["a", "b"]}, 8)


def test_columns_are_chosen_ordered_or_left_out(table):
    header, rows = "id,b,a,mood", [f"{n},{2 * n},{3 * n},{n % 3}" for n in range(30)]
    by_name = table(header, rows, columns=["a", "b"], label_column="mood")
    assert whole(by_name)[0][4].tolist() == [12, 8]
    rest = table(header, rows, ignore_columns=["id"], label_column="mood")
    assert (rest.facts["columns"], rest.target.names) == (["b", "a"], ("0", "1", "2"))
    for keys, message in (
        ({"columns": ["c"]}, "t.csv:1: no column 'c'; fix: "),
        ({"ignore_columns": ["idd"]}, "t.csv:1: no column 'idd'; fix: did you mean 'id'?"),
        ({"columns": ["a", "mood"]}, "t.csv:1: column 'mood' is learnt"),
    ):
        with pytest.raises(DataError) as caught:
            table(header, rows, label_column="mood", **keys)
        assert message in str(caught.value)
    with pytest.raises(UsageError, match=r"leave out data\.ignore_columns"):
        config("t.csv", columns=["a"], ignore_columns=["b"])


def test_other_targets_and_splits_of_rows(table, tmp_path):
    rows = [f"{n},{n % 2},{int(n % 3 == 0)},{n / 4},{'test' if n > 30 else 'train'}"
            for n in range(40)]  # fmt: skip
    header = "n,sad,fun,price,Split"
    several = table(header, rows, label_columns=["sad", "fun"])
    assert (several.target, several.facts["columns"]) == (Labels(("sad", "fun")), ["n", "price"])
    assert (len(several.train), len(several.test)) == (31, 9)
    numbers = table(header, rows, label_column="price", target="numbers")
    assert numbers.target == Numbers(("price",), (1,))
    assert whole(numbers)[1][5].tolist() == [1.25]
    for split, count in (("train", 20), ("test", 4)):
        path = tmp_path / "d" / f"{split}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(["a,b,class", *ROWS[:count]]))
    folder = options.data("table").load(config(tmp_path / "d"))
    assert {name: len(part) for name, part in folder.parts.items()} == {"train": 20, "test": 4}
    assert folder.test.sample_names[0] == "test.csv:2"
    assert table("", ROWS, header=False, label_column="2").facts["columns"] == ["0", "1"]


BAD = {
    # case: header, rows, keys, what is said
    "no label": ("a,b,c", ROWS, {}, "t.csv:1: no column label, class, category, target, but a, b"),
    "two labels": ("label,b,class", ROWS, {}, "t.csv:1: the column that is learnt may be label or"),
    "a gap": ("a,b,class", [*ROWS, "1,,a"], {}, "t.csv:42: no number in column 'b'; fix: fill it"),
    "NA": ("a,b,class", [*ROWS, "1, NA ,a"], {}, "t.csv:42: no number in column 'b'"),
    "a word": ("a,b,class", [*ROWS, "1,big,a"], {}, "t.csv:42: 'big' in column 'b' is not"),
    "decimal comma": (
        "a;b;class", [row.replace(",", ";").replace(".", ",") for row in ROWS], {},
        "'0,0' in column 'b' is not a number; fix: set data.decimal=comma",
    ),
    "not finite": ("a,b,class", [*ROWS, "1,inf,a"], {}, "'inf' in column 'b' is not a number"),
    "too large": ("a,b,class", [*ROWS, "1,1e300,a"], {}, "too large for float32"),
    "no class": ("a,b,class", [*ROWS, "1,2,"], {}, "t.csv:42: the label is empty"),
    "one class": ("a,b,class", ["1,2,a"] * 9, {}, "t.csv: 1 class, 'a' in train; need 2 classes"),
    "two spellings": ("a,b,class", [*ROWS, "1,2,A"], {}, "t.csv:42: names collide: 'a' (20) and"),
    "numbers above": (
        "", [f"{n},{n / 8},1" for n in range(3, 40)], {}, "numbers, where the names of the col",
    ),
    "nothing left": ("class,split", ["a,train", "b,train"], {}, "t.csv:1: no columns of numbers"),
    "unknown split": ("a,split,class", ["1,x,a"], {}, "t.csv:2: no split is called 'x'"),
    "a row too long": ("a,b,class", [*ROWS, "1,2,a,b"], {}, "t.csv:42: 4 fields, the header has 3"),
    "only in test": (
        "a,split,class", [f"{n},train,{'ab'[n % 2]}" for n in range(9)] + ["1,test,c"], {},
        "t.csv:11: class 'c' is absent from train",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_one_line(table, case):
    header, rows, keys, message = BAD[case]
    with pytest.raises(DataError) as caught:
        table(header, rows, **keys)
    assert message in str(caught.value)


def test_samples_to_measure_have_the_columns_and_classes_of_the_run(tmp_path):
    trained, other = tmp_path / "t.csv", tmp_path / "o.csv"
    trained.write_text("\n".join(["a,b,class", *ROWS]))
    other.write_text("\n".join(["class,note,b,a", "b,9,0.5,1000", "b,9,0.25,2000"]))
    data = loading.load(config(trained), seed=0)
    measured = Measured(data.splits.target, "auto", "o.csv")
    found = loading.load_measured(config(other), measured, artifacts=dict(data.splits.artifacts))
    assert found.test.array.tolist() == [[1000, 0.5], [2000, 0.25]]
    assert (found.test.y.tolist(), found.test.sample_names.tolist()) == ([1, 1], [2, 3])
    other.write_text("a,b,class\n1,2,c\n")
    with pytest.raises(DataError, match=r"o\.csv:2: class 'c' is none of the run's"):
        loading.load_measured(config(other), measured, artifacts=dict(data.splits.artifacts))
