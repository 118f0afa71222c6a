import json
import math

import pytest

from fmtool.errors import DataError, WriteFailed
from fmtool.runs.atomic import write_json
from fmtool.runs.result import Best, Gate, RunError, RunResult, read_result, status_of

RESULT = RunResult(
    run="r",
    exit_code=4,
    epochs=3,
    steps=30,
    seconds=12.5,
    metrics={"loss": 0.5, "accuracy": 0.6, "top_5_accuracy": None},
    undefined={"top_5_accuracy": "with 3 classes it is always 1"},
    brief={"absent_classes": ["c"]},
    headline=("accuracy", "loss"),
    best=Best(
        2,
        20,
        "val_loss",
        0.4,
        loss="mse",
        headline={"val_accuracy": 0.6},
        goals={"val_loss": "min", "val_accuracy": "max"},
    ),
    error=RunError(type="GateNotMet", message="accuracy is 0.6", hint="train longer"),
    gates=(Gate(metric="accuracy", wanted=">= 0.7", got=0.6, met=False),),
    model={"parameters": 10},
)


def test_what_is_read_is_written_again_letter_for_letter():
    written = json.dumps(RESULT.to_json())
    assert json.dumps(RunResult.from_json(json.loads(written)).to_json()) == written


def test_the_document_has_the_published_keys_and_values():
    assert RESULT.to_json() == {
        "schema_version": 1,
        "status": "gate_not_met",
        "run": "r",
        "exit_code": 4,
        "epochs": 3,
        "steps": 30,
        "seconds": 12.5,
        "metrics": {"loss": 0.5, "accuracy": 0.6, "top_5_accuracy": None},
        "undefined": {"top_5_accuracy": "with 3 classes it is always 1"},
        "headline": ["accuracy", "loss"],
        "absent_classes": ["c"],
        "best": {
            "epoch": 2,
            "step": 20,
            "monitor": "val_loss",
            "value": 0.4,
            "loss": "mse",
            "headline": {"val_accuracy": 0.6},
            "goals": {"val_loss": "min", "val_accuracy": "max"},
        },
        "error": {"type": "GateNotMet", "message": "accuracy is 0.6", "hint": "train longer"},
        "gates": [{"metric": "accuracy", "wanted": ">= 0.7", "got": 0.6, "met": False}],
        "model": {"parameters": 10},
        "non_finite": [],
    }


def test_a_result_of_an_earlier_release_has_the_headline_that_its_tables_showed():
    document = RESULT.to_json()
    del document["headline"], document["best"]["goals"]
    found = RunResult.from_json(document)
    assert (found.headline, found.best.goals) == (("accuracy", "loss"), {})


def test_a_result_survives_writing_and_reading(tmp_path):
    write_json(tmp_path / "result.json", RESULT.to_json())
    assert read_result(tmp_path / "result.json") == RESULT


def test_a_run_that_was_pruned_says_so_and_is_no_failure(tmp_path):
    pruned = RunResult(run="r", exit_code=0, epochs=1, steps=1, seconds=1.0, is_pruned=True)
    write_json(tmp_path / "result.json", pruned.to_json())
    assert pruned.to_json()["status"] == "pruned"
    assert read_result(tmp_path / "result.json") == pruned


def test_there_are_no_gate_rows_without_gates():
    document = RunResult(run="r", exit_code=0, epochs=1, steps=1, seconds=1.0).to_json()
    assert "gates" not in document
    assert document["best"] is None
    assert document["error"] is None


def test_the_averages_of_an_earlier_release_are_known_as_those_over_all_classes(tmp_path):
    document = RESULT.to_json() | {"metrics": {"f1_macro": 0.6, "recall_macro": None}}
    del document["absent_classes"], document["undefined"]
    document["gates"] = [{"metric": "loss", "wanted": "<= 1", "got": None, "met": False}]
    write_json(tmp_path / "result.json", document)
    earlier = read_result(tmp_path / "result.json")
    assert earlier.metrics == {
        "f1_macro": 0.6,
        "recall_macro": None,
        "f1_macro_all": 0.6,
        "recall_macro_all": None,
    }
    assert earlier.is_of_0_1_0
    assert not {"absent_classes", "undefined"} & earlier.to_json().keys()
    assert earlier.gates == (Gate("loss", "<= 1", None, met=False),)


def test_numbers_that_are_not_finite_are_null_and_listed(tmp_path):
    best = Best(epoch=1, step=1, monitor="val_loss", value=math.inf)
    result = RunResult(
        run="r", exit_code=5, epochs=1, steps=1, seconds=1.0, metrics={"loss": math.nan}, best=best
    )
    document = result.to_json()
    assert document["metrics"] == {"loss": None}
    assert document["best"]["value"] is None
    assert document["non_finite"] == ["metrics.loss", "best.value"]
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize(
    ("exit_code", "status"),
    [
        (0, "completed"),
        (1, "failed"),
        (4, "gate_not_met"),
        (5, "diverged"),
        (71, "failed"),
        (124, "interrupted"),
        (130, "interrupted"),
        (143, "interrupted"),
    ],
)
def test_the_status_follows_from_the_exit_code(exit_code, status):
    assert status_of(exit_code) == status


def test_an_error_of_ours_keeps_its_hint_apart_from_its_message():
    error = RunError.of(WriteFailed("disk full", fix="free space"))
    assert error == RunError("WriteFailed", "disk full", "free space")
    assert RunError.of(ValueError("odd")) == RunError("ValueError", "odd", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"metrics": "text"},
        {"metrics": {"loss": "text"}},
        {"best": {"epoch": 1}},
        {"error": "text"},
        {"seconds": None},
        {"gates": 5},
        {"undefined": ["loss"]},
        {"artifacts": 5},
        {"schema_version": 2},
    ],
)
def test_a_malformed_result_is_bad_data_that_names_the_file(tmp_path, changes):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(RESULT.to_json() | changes))
    with pytest.raises(DataError, match=r"result\.json"):
        read_result(path)
