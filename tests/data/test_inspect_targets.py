"""`fmtool data inspect` recognises targets, says what is odd about them, and how to begin."""

import json

import numpy as np
import pytest

from fmtool import matching

RANDOM = np.random.default_rng(0)
TASKS = {"label": ["binary", "classification"], "labels": ["tags"], "numbers": []}


@pytest.fixture
def inspect(call, fmtool, monkeypatch):
    """Writes a table of 80 texts, or arrays, and looks at it with --json."""
    monkeypatch.setattr(matching, "tasks_that_learn", lambda target: TASKS[target.kind])

    def run(name, header=(), cells=None, **arrays):
        if arrays:
            np.savez(fmtool.folder / name, **arrays)
        else:
            rows = (f"some text {n},{cells(n)}" for n in range(80))
            (fmtool.folder / name).write_text("\n".join([header, *rows]) + "\n")
        return json.loads(call("data", "inspect", f"path={name}", "--json").out)

    return run


def messages(result):
    return [each["message"] for each in result["problems"]]


def test_cells_of_several_classes_are_recognised(inspect):
    found = inspect("t.csv", "text,label", lambda n: ["a|b", "b", "c|a", ""][n % 4])
    assert found["target"] == {"kind": "labels", "names": ["a", "b", "c"]}
    assert [each["samples"] for each in found["classes"]] == [40, 40, 20]
    assert (found["samples"], found["imbalance"], found["tasks"]) == (80, 2.0, ["tags"])
    assert found["next"][0] == (
        "fmtool train model=text_cnn data=text task=tags data.path=t.csv data.target=labels "
        "'data.label_separator=|'"
    )
    assert 'target: "labels"' in found["config"]
    assert found["examples"]["c"] == ["some text 2", "some text 26", "some text 54"]


@pytest.mark.parametrize("cells", [["Paris, FR", "other"], ["Paris, FR", "Lyon, FR", "Rome"]])
def test_a_label_with_a_comma_is_one_class(inspect, cells):
    found = inspect("t.csv", "text,label", lambda n: f'"{cells[n % len(cells)]}"')
    assert found["target"] == {"kind": "label", "names": sorted(cells)}


def test_columns_of_zeros_and_ones_are_recognised(inspect):
    found = inspect("t.csv", "text,sad,fun", lambda n: f"{n % 2},{int(n % 3 == 0)}")
    assert found["target"] == {"kind": "labels", "names": ["sad", "fun"]}
    assert [each["samples"] for each in found["classes"]] == [40, 27]
    assert '\'data.label_columns=["sad","fun"]\'' in found["next"][0]


def test_decimal_numbers_are_recognised_and_described(inspect):
    found = inspect("t.csv", "text,price", lambda n: n / 4)
    assert found["target"] == {"kind": "numbers", "names": ["price"], "shape": [1]}
    (price,) = found["numbers"]
    assert {key: price[key] for key in ("name", "min", "median", "mean", "max")} == {
        "name": "price",
        "min": 0.0,
        "median": 9.875,
        "mean": 9.875,
        "max": 19.75,
    }
    assert price["deviation"] == pytest.approx(np.std(np.arange(80) / 4))
    assert price["histogram"]["counts"] == [8] * 10
    assert ("classes" in found, found["next"], found["tasks"]) == (False, [], [])
    assert next(iter(found["examples"])) == "price 0 to 4.75"
    assert 'label_column: "price"\ntarget: "numbers"' in found["config"]


def test_whole_numbers_are_classes_as_a_training_takes_them(inspect):
    found = inspect("t.csv", "text,label", lambda n: n % 5)
    assert found["target"] == {"kind": "label", "names": ["0", "1", "2", "3", "4"]}
    # The task that trains without being named comes first, and is not named.
    assert found["tasks"] == ["classification", "binary"]
    assert "task=" not in found["next"][0]


def test_a_missing_number_stops_a_training(inspect):
    found = inspect("t.csv", "text,price", lambda n: "" if n == 79 else n / 4)
    assert found["problems"][0] == {
        "message": "t.csv:81: no number in column 'price'",
        "fix": "fill it in, or leave the row out",
        "stops_training": True,
        "count": 1,
        "others": [],
    }


def test_lists_in_json_are_recognised(call, fmtool):
    rows = [{"text": f"text {n}", "label": ["a"] * (n % 2) + ["b"]} for n in range(60)]
    (fmtool.folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    found = json.loads(call("data", "inspect", "path=t.jsonl", "--json").out)
    assert found["target"] == {"kind": "labels", "names": ["a", "b"]}
    assert messages(found) == ["class 'b': all samples have it"]


def test_numbers_of_arrays_that_never_change_are_warned_of(inspect):
    x = RANDOM.normal(size=(60, 3))
    found = inspect("a.npz", x=x, y=np.c_[RANDOM.normal(size=60), np.ones(60)])
    assert messages(found) == ["the number 'y1' is 1 in all samples"]
    found = inspect("b.npz", x=x[:9], y=RANDOM.normal(size=9))
    assert messages(found) == ["9 samples"]
    found = inspect("c.npz", x=x, y=np.ones(60))
    assert (found["usable"], found["exit_code"]) == (False, 65)
    assert found["error"]["message"].startswith("c.npz: fewer than 2 different numbers; fix: add")


def test_equal_samples_with_other_numbers_are_warned_of(inspect):
    x = np.repeat(RANDOM.normal(size=(30, 3)), 2, axis=0)
    found = inspect("a.npz", x=x, y=np.arange(60) / 4)
    assert len(found["duplicates"]["across_classes"]) == 30
    assert messages(found)[0].startswith("duplicates with other numbers: 30, such")


def test_pictures_in_a_table_have_targets_too(call, fmtool, pictures):
    files = [f"{name}/{number}.png" for name in "ab" for number in range(5)]
    rows = [f"{path},{n / 4}" for n, path in enumerate(files)]
    (pictures / "t.csv").write_text("\n".join(["path,age", *rows]) + "\n")
    found = json.loads(call("data", "inspect", "path=pictures/t.csv", "--json").out)
    assert found["target"] == {"kind": "numbers", "names": ["age"], "shape": [1]}
    assert (fmtool.folder / found["sheet"]).is_file()
    assert 'label_column: "age"' in found["config"]


def test_people_see_numbers_and_histogram(call, fmtool):
    np.savez(fmtool.folder / "a.npz", x=RANDOM.normal(size=(60, 3)), y=np.arange(60.0) ** 2)
    shown = call("data", "inspect", "path=a.npz").out
    assert "number  min  median" in shown
    assert "█" in shown
    assert "60 with a number" in shown
