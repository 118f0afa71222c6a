"""Test-time augmentation and expected figures from a recipe to every report of its runs."""

import json

import pytest

from fmtool import validate
from fmtool.config.compose import compose

RECIPE = """\
# @package _global_
epochs: 1
tta: flip_translate
expected:
  metric: {metric}
  value: 0.97
  tolerance: 0.01
  epochs: 10
  minutes: null
  hardware: two cores
  source: measured
"""
SMALL = ("model=cnn", "model.filters=[4]", "model.dense_units=[]", "logging=quiet")


@pytest.fixture(scope="module")
def reported(tmp_path_factory, session_command):
    """A training of the recipe, and how it ended on a terminal's stdout."""
    command = session_command(tmp_path_factory.mktemp("recipe"))
    command.write("conf/experiment/recipe.yaml", RECIPE.format(metric="accuracy"))
    outcome = command("train", "-cd", "conf", "experiment=recipe", *SMALL)
    assert outcome.code == 0, outcome.err
    return command, outcome


@pytest.fixture(scope="module")
def result(reported):
    return json.loads((reported[0].runs[0] / "result.json").read_text())


@pytest.fixture(scope="module")
def evaluations(reported):
    """As the run was reported, and without augmentation."""
    processes = [
        reported[0].start("evaluate", "run=last", *key, "--json") for key in ([], ["tta=none"])
    ]
    return [json.loads(process.communicate()[0]) for process in processes]


def test_the_summary_compares_with_what_was_expected(reported, result):
    (line,) = [line for line in reported[1].out.splitlines() if "expected" in line]
    assert line == (
        "expected accuracy 0.97 ± 0.01 after 10 epochs (measured, two cores); "
        f"reached {result['metrics']['accuracy']:.4f} after 1"
    )


def test_the_summary_names_the_augmentation_of_its_report(reported):
    rows = [line.split() for line in reported[1].out.splitlines()]
    assert ["test-time", "augmentation", "flip_translate"] in rows


def test_the_json_document_compares_too(call, reported, result):
    document = call("train", f"resume={reported[0].runs[0]}", "--json").json
    assert document["expected"]["value"] == 0.97
    assert document["expected"]["reached"] == result["metrics"]["accuracy"]
    assert document["expected"]["reached_after_epochs"] == 1


def test_evaluate_repeats_an_averaged_report_to_the_last_digit(evaluations, result):
    as_reported, _ = evaluations
    assert as_reported["tta"] == "flip_translate"
    assert {name: as_reported[name] for name in result["metrics"]} == result["metrics"]
    assert as_reported["files"][0].endswith("/evaluation/digits_test.json")


def test_another_augmentation_gives_another_report_beside_it(evaluations, result):
    _, plain = evaluations
    assert plain["tta"] == "none"
    assert plain["loss"] != result["metrics"]["loss"]
    assert plain["files"][0].endswith("/evaluation/digits_test_tta-none.json")
    assert all("/digits_test_tta-none" in name for name in plain["files"])


def test_a_run_older_than_the_key_was_reported_without():
    saved = compose("train", [])
    del saved["tta"]
    assert validate.saved_run_config(saved).tta == "none"


def test_an_evaluation_is_as_the_run_was_reported_unless_told_otherwise():
    assert validate.evaluate_config(compose("evaluate", ["run=last"])).tta is None


def test_an_augmentation_that_does_not_exist_is_a_mistake(call):
    outcome = call("evaluate", "run=last", "tta=flp")
    assert (outcome.code, outcome.error) == (
        2,
        "error: tta=flp is not accepted; fix: did you mean 'flip'?",
    )


def test_a_figure_that_no_report_has_is_a_mistake(call, fmtool):
    fmtool.write("conf/experiment/recipe.yaml", RECIPE.format(metric="acuracy"))
    outcome = call("train", "-cd", "conf", "experiment=recipe")
    assert (outcome.code, outcome.error) == (
        2,
        "error: expected.metric=acuracy: the report has no metric 'acuracy'; "
        "fix: did you mean 'accuracy'?",
    )


def test_a_mistyped_key_of_an_expectation_is_named(call, fmtool):
    recipe = RECIPE.format(metric="accuracy").replace("tolerance", "tolerence")
    fmtool.write("conf/experiment/recipe.yaml", recipe)
    outcome = call("train", "-cd", "conf", "experiment=recipe")
    assert outcome.code == 2
    assert "unknown key 'expected.tolerence'" in outcome.error
    assert "did you mean 'expected.tolerance'?" in outcome.error
