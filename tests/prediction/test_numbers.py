"""Rows of numbers come from tables, arrays and standard input."""

import dataclasses

import numpy as np
import pytest
import small_onnx


def labels(outcome):
    return [each.get("label") for each in outcome.json["predictions"]]


def test_each_row_of_a_table_has_its_line_and_its_label(predict, models):
    (models / "rows.csv").write_text("u,v,w\n1,2,3\n3,2,1\n")
    outcome = predict("numbers", "input=rows.csv", "--json")
    assert [each["input"] for each in outcome.json["predictions"]] == ["2", "3"]
    assert labels(outcome) == ["blue", "red"]


@pytest.mark.parametrize("name", ["rows.tsv", "rows.csv"])
def test_the_delimiter_is_told_by_the_table(predict, models, name):
    (models / name).write_text("u\tv\tw\n0\t1\t0\n")
    assert labels(predict("numbers", f"input={name}", "--json")) == ["green"]


def test_standard_input_is_a_table(predict, models, stdin):
    stdin("u,v,w\n0,1,0\n")
    assert labels(predict("numbers", "input=-", "--json")) == ["green"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("u,v\n1,2\n", "rows.csv:1: 2 columns, the model reads 3 numbers"),
        ("1,2,3\n3,2,1\n", "rows.csv:1: numbers, where the names of the columns are expected"),
        ("u,v,w\n1,x,3\n", "rows.csv:2: column 'v' holds 'x', expected a number"),
        ("u,v,w\n1,nan,3\n", "rows.csv:2: column 'v' holds 'nan', expected a number"),
        ("u,v,w\n1,1e99,3\n", "rows.csv:2: column 'v' holds '1e99', expected a number"),
        ("u,v,w\n1,2\n", "rows.csv:2: 2 fields, the header has 3"),
        ("u,v,w\n", "rows.csv: nothing to predict"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(predict, models, text, said):
    (models / "rows.csv").write_text(text)
    outcome = predict("numbers", "input=rows.csv")
    assert (outcome.code, outcome.out) == (65, "")
    assert outcome.err.splitlines()[-1].startswith(f"error: {said}")


def test_a_header_that_counts_its_columns_is_one(predict, models):
    (models / "rows.csv").write_text("0,1,2\n0,0,5\n")
    assert labels(predict("numbers", "input=rows.csv", "--json")) == ["blue"]


@pytest.fixture
def named(models):
    """A model of the numbers `u`, `v` and `w`, of the first of which 2**60 is taken off."""
    prepared = {"columns": ["u", "v", "w"], "origin": [2**60, 0, 0]}
    small_onnx.write(models / "named.onnx", "features", (3,), preprocessing=prepared)
    return models


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("u,v,w\n{low},2,1\n{high},2,1\n", ()),
        ("w,u,v\n1,{low},2\n1,{high},2\n", ()),
        ("w;more;u;v\n1;9;{low};2\n1;9;{high};2\n", ()),
        ("0,1,2\n{low},2,1\n{high},2,1\n", ()),
        ("{low},2,1\n{high},2,1\n", ("data.header=false",)),
    ],
)
def test_columns_are_ordered_by_their_names_and_their_origins_taken_off(
    predict, named, text, words
):
    (named / "rows.csv").write_text(text.format(low=2**60, high=2**60 + 3))
    outcome = predict("named", "input=rows.csv", "--json", *words)
    assert labels(outcome) == ["green", "red"]
    assert ("the model does not read 'more'" in outcome.err) == ("more" in text)


def test_arrays_with_names_are_ordered_by_them_too(predict, named):
    x = np.array([[1, 2**60, 2], [1, 2**60 + 3, 2]])
    np.savez(named / "rows.npz", x=x, columns=np.array(["w", "u", "v"]))
    assert labels(predict("named", "input=rows.npz", "--json")) == ["green", "red"]
    np.save(named / "rows.npy", x[:, [1, 2, 0]])
    assert labels(predict("named", "input=rows.npy", "--json")) == ["green", "red"]
    np.save(named / "rows.npy", x[:, [1, 2, 0]].astype(np.float32))
    assert "float32 has lost differences" in predict("named", "input=rows.npy").err


def test_a_column_that_is_missing_is_named(predict, named):
    (named / "rows.csv").write_text("u,x,w\n1,2,3\n")
    outcome = predict("named", "input=rows.csv")
    assert outcome.code == 65
    assert outcome.error.startswith(
        "error: rows.csv:1: the model reads 'u', 'v', 'w'; missing are 'v'; fix: add these columns"
    )


def test_columns_that_are_taken_by_their_places_are_said(predict, models):
    (models / "rows.csv").write_text("u,v,w\n1,2,3\n")
    assert "columns are taken by their places" in predict("numbers", "input=rows.csv").err
    (models / "rows.csv").write_text("0,1,2\n1,2,3\n")
    assert "places" not in predict("numbers", "input=rows.csv").err


def test_skipped_rows_keep_their_place(predict, models):
    (models / "rows.csv").write_text("u,v,w\n1,0,0\n?,0,0\n1,2\n0,0,1\n")
    outcome = predict("numbers", "input=rows.csv", "on_error=skip", "--json")
    assert (outcome.code, outcome.json["predicted"], outcome.json["failed"]) == (65, 2, 2)
    assert [each["input"] for each in outcome.json["predictions"]] == ["2", "3", "4", "5"]
    assert labels(outcome) == ["red", None, None, "blue"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "bool"])
def test_an_array_has_rows_of_any_numbers(predict, models, dtype):
    np.save(models / "rows.npy", np.array([[0, 0, 1], [1, 0, 0]], dtype))
    outcome = predict("numbers", "input=rows.npy", "--json")
    assert [each["input"] for each in outcome.json["predictions"]] == ["0", "1"]
    assert labels(outcome) == ["blue", "red"]


@pytest.mark.parametrize("arrays", [["x"], ["rows"], ["x", "y"]])
def test_an_archive_has_them_as_x_or_alone(predict, models, arrays):
    np.savez(models / "rows.npz", **{name: np.eye(3) for name in arrays})
    assert labels(predict("numbers", "input=rows.npz", "--json")) == ["red", "green", "blue"]


def test_an_archive_of_several_arrays_without_x_names_them(predict, models):
    np.savez(models / "rows.npz", u=np.eye(3), v=np.eye(3))
    outcome = predict("numbers", "input=rows.npz")
    assert outcome.code == 65
    assert outcome.error.startswith("error: rows.npz: arrays u, v, none of which is 'x'")


def test_only_the_bad_rows_of_an_array_are_skipped(predict, models):
    rows = np.tile(np.eye(3), (5, 1))
    rows[7, 1] = np.nan
    np.save(models / "rows.npy", rows)
    outcome = predict("numbers", "input=rows.npy", "on_error=skip", "--json")
    assert (outcome.json["predicted"], outcome.json["failed"]) == (14, 1)
    assert outcome.json["predictions"][7]["error"].startswith("rows.npy: a value in row 7 is NaN")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 4)), "float64 (2, 4), the model reads rows of numbers: float32 (n, 3)"),
        (np.zeros(3), "float64 (3,), the model reads"),
        (np.array([["a", "b", "c"]]), "<U1 (1, 3), the model reads"),
    ],
)
def test_an_array_of_another_shape_or_type_is_bad_data(predict, models, array, said):
    np.save(models / "rows.npy", array)
    outcome = predict("numbers", "input=rows.npy")
    assert outcome.code == 65
    assert outcome.error.startswith(f"error: rows.npy: {said}")


def test_raw_images_come_from_an_array_too(predict, models):
    pixels = np.zeros((2, 4, 4, 3), np.uint8)
    pixels[0, ..., 1] = pixels[1, ..., 2] = 9
    np.save(models / "raw.npy", pixels)
    assert labels(predict("image", "input=raw.npy", "--json")) == ["green", "blue"]


def test_a_file_with_a_fixed_batch_takes_any_number_of_samples(predict, models):
    reads = dataclasses.replace(small_onnx.metadata("features", (3,)).input, batch=4)
    small_onnx.write(models / "fours.onnx", "features", (3,), input=reads)
    np.save(models / "rows.npy", np.tile(np.eye(3), (3, 1)))
    outcome = predict("fours", "input=rows.npy", "batch_size=6", "--json")
    assert labels(outcome) == 3 * ["red", "green", "blue"]


def test_what_does_not_fit_into_memory_is_read_from_its_file(predict, models, monkeypatch):
    from fmtool.prediction import array_samples

    np.save(models / "rows.npy", np.tile(np.eye(3, dtype=np.float32), (100, 1)))
    monkeypatch.setattr(array_samples, "available", lambda: 100)
    monkeypatch.setattr("fmtool.data.reading.array_files.read_npy", None)
    outcome = predict("numbers", "input=rows.npy", "batch_size=7", "--json")
    assert outcome.json["counts"] == {"red": 100, "green": 100, "blue": 100}
