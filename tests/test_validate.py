"""The composed dictionary becomes one typed config, or one line about the first thing wrong."""

import pytest
from pydantic import ValidationError

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.schema import GateConfig


@pytest.fixture(scope="module")
def raw():
    return compose("train", [])


def test_a_config_survives_being_written_and_read(raw):
    cfg = validate.train_config(raw)
    assert validate.train_config(cfg.model_dump(serialize_as_any=True)) == cfg


def test_a_config_cannot_be_changed(raw):
    with pytest.raises(ValidationError, match="frozen"):
        validate.train_config(raw).epochs = 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 2.0}, "epochs=2.0 is not accepted; fix: give an integer"),
        ({"epochs": True}, "epochs=True is not accepted; fix: give an integer"),
        ({"name": 3}, "name=3 is not accepted; fix: give a string"),
        ({"tags": [1]}, "tags.0=1 is not accepted; fix: give a string"),
        ({"gate": {"min": {"accuracy": float("inf")}, "max": {}}}, "gate.min.accuracy=inf is not"),
        ({"epohcs": 1}, "unknown key 'epohcs'; fix: did you mean 'epochs'?"),
        ({"model": "cnn"}, "model: no option is chosen; fix: write model=NAME, one of airbench"),
        ({"model": {"filters": []}}, "model: no option is chosen"),
        ({"name": "x" * 100, "seed": "y" * 100}, f"seed={'y' * 57}... is not accepted"),
    ],
)
def test_the_first_fault_is_one_line(raw, change, message):
    with pytest.raises(UsageError) as error:
        validate.train_config(raw | change)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_a_mistyped_key_is_reported_before_the_one_it_leaves_missing(raw):
    model = {"filtres" if key == "filters" else key: value for key, value in raw["model"].items()}
    with pytest.raises(UsageError) as error:
        validate.train_config(raw | {"model": model})
    assert str(error.value) == (
        "unknown key 'model.filtres' (and 1 more key); fix: did you mean 'model.filters'?"
    )


def test_a_nested_union_names_the_key_and_not_the_branch(raw):
    runtime = raw["runtime"] | {"threads": "many"}
    with pytest.raises(UsageError, match=r"^runtime.threads=many is not accepted"):
        validate.train_config(raw | {"runtime": runtime})


def test_keys_that_an_evaluation_does_not_need_are_not_read(raw):
    saved = validate.saved_run_config(raw | {"optimizer": "gone", "unheard_of": 1})
    assert saved.data.name == "digits"


def test_a_saved_config_without_a_task_is_of_a_classifier(raw):
    saved = validate.saved_run_config({key: raw[key] for key in raw if key != "task"})
    assert saved.task == validate.train_config(raw).task


def test_gates_are_asked_for_of_the_task(raw):
    task = validate.train_config(raw).task
    validate.check_gate(GateConfig(min={"f1_macro": 0.5}, max={"loss": 1.0}), task)
    with pytest.raises(UsageError, match=r"gate\.max\.los: the report has no metric 'los'; fix: "):
        validate.check_gate(GateConfig(min={}, max={"los": 1.0}), task)
