"""What is written is whole or not there, and says the same in every form."""

import csv
import json

import numpy as np
import pytest
import small_onnx


@pytest.fixture
def rows(models):
    """Two rows, of which the second is undecided between its first two numbers."""
    np.save(models / "rows.npy", np.log(np.array([[1, 2, 5], [4, 4, 2]], np.float32)))
    return models


def table(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_csv_has_a_line_for_each_sample(predict, rows):
    assert predict("numbers", "input=rows.npy", "output=found.csv").code == 0
    header, first, second = table(rows / "found.csv")
    assert header == ["input", "label", "probability"]
    assert (first[:2], second[:2]) == (["0", "blue"], ["1", "red"])
    assert [float(first[2]), float(second[2])] == pytest.approx([0.625, 0.4])


def test_top_and_probabilities_add_columns(predict, rows):
    options = ("top=2", "probabilities=true", "output=found.csv")
    assert predict("numbers", "input=rows.npy", *options).code == 0
    header, first, second = table(rows / "found.csv")
    assert header == [
        "input", "label", "probability", "label_2", "probability_2",
        "probability of red", "probability of green", "probability of blue",
    ]  # fmt: skip
    assert (first[1], first[3], second[1], second[3]) == ("blue", "green", "red", "green")
    assert [float(each) for each in first[5:]] == pytest.approx([0.125, 0.25, 0.625])


def test_json_lines_say_the_same(predict, rows):
    options = ("top=2", "probabilities=true", "output=found.jsonl")
    assert predict("numbers", "input=rows.npy", *options).code == 0
    first = json.loads((rows / "found.jsonl").read_text().splitlines()[0])
    assert (first["input"], first["label"]) == ("0", "blue")
    assert [each["label"] for each in first["top"]] == ["blue", "green"]
    assert first["probabilities"] == pytest.approx({"red": 0.125, "green": 0.25, "blue": 0.625})


def test_standard_output_is_csv_unless_told_otherwise(predict, rows):
    as_csv = predict("numbers", "input=rows.npy", "output=-")
    assert as_csv.out.splitlines()[0] == "input,label,probability"
    lines = predict("numbers", "input=rows.npy", "output=-", "output_format=jsonl").out
    assert [json.loads(line)["label"] for line in lines.splitlines()] == ["blue", "red"]


def test_people_get_the_first_rows_and_a_count_of_the_others(predict, models):
    np.save(models / "rows.npy", np.tile(np.eye(3), (50, 1)))
    outcome = predict("numbers", "input=rows.npy")
    lines = [line.split() for line in outcome.out.splitlines() if line.strip()]
    assert lines[0] == ["input", "label", "probability"]
    assert lines[2] == ["0", "red", "0.5761"]
    assert len(lines) == 2 + 20 + 1
    assert outcome.out.splitlines()[-1] == "and 130 more; output=FILE.csv writes them all"


def test_the_object_counts_and_has_the_predictions_where_there_are_few(predict, models):
    np.save(models / "few.npy", np.eye(3))
    np.save(models / "many.npy", np.tile(np.eye(3), (400, 1)))
    few = predict("numbers", "input=few.npy", "--json").json
    assert (few["status"], few["predicted"], few["failed"]) == ("completed", 3, 0)
    assert few["counts"] == {"red": 1, "green": 1, "blue": 1}
    assert len(few["predictions"]) == 3
    many = predict("numbers", "input=many.npy", "--json").json
    assert (many["predicted"], many["predictions"]) == (1200, None)


def test_a_label_cannot_become_a_formula_in_a_spreadsheet(predict, models):
    small_onnx.write(models / "numbers.onnx", "features", (3,), labels=("=1+1", "-1", "@x"))
    np.save(models / "rows.npy", np.eye(3))
    predict("numbers", "input=rows.npy", "output=found.csv")
    assert [row[1] for row in table(models / "found.csv")[1:]] == ["'=1+1", "-1", "'@x"]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_size_of_a_batch_changes_no_answer(predict, models, size):
    np.save(models / "rows.npy", np.random.default_rng(0).normal(size=(7, 3)))
    outcome = predict("numbers", "input=rows.npy", f"batch_size={size}", "output=-")
    assert outcome.out == predict("numbers", "input=rows.npy", "output=-").out


def test_a_model_that_gives_logits_alone_has_probabilities(predict, models):
    outputs = ("logits", "label")
    small_onnx.write(models / "numbers.onnx", "features", (3,), outputs=outputs)
    np.save(models / "rows.npy", np.log(np.array([[1, 2, 5]], np.float32)))
    found = predict("numbers", "input=rows.npy", "--json").json["predictions"][0]
    assert found["probability"] == pytest.approx(0.625)


def test_a_model_that_gives_labels_alone_has_none(predict, models):
    small_onnx.write(models / "numbers.onnx", "features", (3,), outputs=("label",))
    np.save(models / "rows.npy", np.eye(3))
    found = predict("numbers", "input=rows.npy", "--json").json["predictions"][2]
    assert (found["label"], found["probability"]) == ("blue", None)
    refused = predict("numbers", "input=rows.npy", "top=2")
    assert refused.code == 2
    assert refused.error.startswith("error: numbers.onnx gives labels without probabilities")
