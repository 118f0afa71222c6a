"""Schemas of --json: sound themselves, and strict enough to notice what is missing."""

import json_schemas
import pytest
from jsonschema import Draft202012Validator

RESULT = {
    "schema_version": 1, "status": "completed", "run": "r", "exit_code": 0, "epochs": 1,
    "steps": 2, "seconds": 0.5, "metrics": {"loss": 0.1}, "best": None, "error": None, "model": {},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(json_schemas.schemas()))
def test_a_schema_is_one(name):
    schema = json_schemas.schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == name
    assert schema["title"]


def test_a_result_is_taken_as_it_is():
    json_schemas.require_valid(["train", "--json"], RESULT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exit_code": "0"}, "exit_code: '0' is not of type 'integer'"),
        ({"status": "fine"}, "status: 'fine' is not one of"),
        ({"metrics": {"loss": "low"}}, "metrics.loss: 'low' is not of type"),
        ({"schema_version": 2}, "schema_version: 1 was expected"),
    ],
)
def test_a_value_of_another_kind_is_noticed(change, said):
    with pytest.raises(AssertionError) as raised:
        json_schemas.require_valid(["train"], RESULT | change)
    assert said in str(raised.value)


def test_a_key_that_is_gone_is_noticed():
    with pytest.raises(AssertionError, match="'steps' is a required property"):
        json_schemas.require_valid(
            ["train"], {key: value for key, value in RESULT.items() if key != "steps"}
        )


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("train epochs=3", "train"), ("train -m epochs=3,4", "sweep"),
        ("train dry_run=true", "dry_run"), ("tune status study=s", "tune"), ("runs", "runs"),
        ("runs show last", "runs_show"), ("models cnn", "model"),
        ("data inspect path=x", "data_inspect"),
        ("sweep plan epochs=1,2", "sweep_plan"), ("runs rm last", None),
    ],
)  # fmt: skip
def test_the_schema_of_a_command_is_found(line, name):
    assert json_schemas.name_of(line.split(), {}) == name
