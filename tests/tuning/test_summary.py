"""What is known of a study: its best trials, its gates, when it is over."""

import csv
import io

import pytest
from optuna.trial import TrialState
from studies import LEASE, complete

from fmtool.errors import UsageError
from fmtool.tuning import attempts, budget, experiment_file, summary, trial_table
from fmtool.tuning.dimension import draw

LINE = ("data=digits", "model=mlp", "model.dropout=0..0.5", "model.units=[8],[16,8]", "study=s")


def test_the_best_trial_is_the_first_of_equals(study):
    store = study(*LINE).store()
    for value in (0.5, 0.8, 0.8, 0.7):
        complete(store, value)
    (best,) = summary.document(store)["best"]
    assert (best["trial"], best["values"], best["status"]) == (1, [0.8], "completed")


def test_a_trial_that_breaks_a_constraint_is_not_the_best(study):
    store = study(*LINE, "constraint.min.val_accuracy=0.2").store()
    for value, missed in ((0.9, 0.1), (0.5, -0.1)):
        trial = store.take(LEASE, most=9)
        draw(store.definition.dimensions, trial)
        metrics = {attempts.METRICS: {"val_accuracy": value}}
        violations = {"min.val_accuracy": missed}
        store.finish(trial, TrialState.COMPLETE, metrics, values=[value], violations=violations)
    document = summary.document(store)
    assert [each["trial"] for each in document["best"]] == [1]


def test_of_two_objectives_the_best_are_those_that_no_other_beats(study):
    store = study(*LINE, "objective=[max val_accuracy,min parameters]").store()
    for accuracy, parameters in ((0.9, 100.0), (0.8, 50.0), (0.7, 80.0), (0.95, 200.0)):
        trial = store.take(LEASE, most=9)
        draw(store.definition.dimensions, trial)
        metrics = {attempts.METRICS: {"val_accuracy": accuracy, "parameters": parameters}}
        store.finish(trial, TrialState.COMPLETE, metrics, values=[accuracy, parameters])
    best = summary.document(store)["best"]
    assert [each["values"] for each in best] == [[0.95, 200.0], [0.9, 100.0], [0.8, 50.0]]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["completed"], 0),
        (["completed", "pruned", "diverged", "out_of_memory", "timed_out", "invalid"], 0),
        (["completed", "failed"], 3),
        (["diverged", "pruned"], 3),
    ],
)
def test_only_crashes_and_nothing_completed_fail_a_study(study, outcomes, code):
    store = study(*LINE).store()
    for outcome in outcomes:
        state = {"completed": TrialState.COMPLETE, "failed": TrialState.FAIL}.get(
            outcome, TrialState.FAIL if outcome == "invalid" else TrialState.PRUNED
        )
        complete(store, 0.5, state=state, outcome=outcome)
    assert summary.document(store)["exit_code"] == code


@pytest.mark.parametrize(("gate", "code"), [("0.7", 0), ("0.9", 4)])
def test_a_gate_judges_the_best_trial(study, gate, code):
    asked = study(*LINE, f"gate.min.val_accuracy={gate}")
    store = asked.store()
    complete(store, 0.8)
    document = summary.document(store, asked.cfg.gate)
    assert document["exit_code"] == code
    assert document["gates"] == [
        {"metric": "val_accuracy", "wanted": f">= {gate}", "got": 0.8, "met": code == 0}
    ]


def test_a_study_is_over_with_its_trials_and_open_again_with_more(study):
    store = study(*LINE, "budget.trials=2").store()
    complete(store, 0.5)
    assert summary.document(store)["status"] == "open"
    complete(store, 0.5)
    assert summary.document(store)["status"] == "completed"
    assert summary.document(study(*LINE, "budget.trials=3").store())["status"] == "open"


@pytest.mark.parametrize(
    ("limit", "values", "reason"),
    [
        ("budget.target=0.8", [0.5, 0.7], None),
        ("budget.target=0.8", [0.5, 0.8], "target"),
        ("budget.stagnation=2", [0.5, 0.4], None),
        ("budget.stagnation=2", [0.5, 0.4, 0.3], "stagnation"),
        ("budget.stagnation=2", [0.5, 0.4, 0.6, 0.1], None),
        ("budget.minutes=1e-9", [0.5], "minutes"),
        ("budget.minutes=60", [0.5], None),
    ],
)
def test_a_study_may_end_before_its_trials_do(study, limit, values, reason):
    store = study(*LINE, limit).store()
    for value in values:
        complete(store, value)
    limits, objectives = store.settings.budget, store.definition.objectives
    assert budget.is_over(limits, objectives, store.trials()) == reason


def test_the_table_has_a_line_for_each_trial_and_a_column_for_each_parameter(study):
    store = study(*LINE).store()
    complete(store, 0.5)
    complete(store, 0.4, state=TrialState.PRUNED, outcome=attempts.PRUNED)
    header, *rows = csv.reader(io.StringIO(trial_table.as_csv(store)))
    assert header == ["trial", "status", "epochs", "seconds", "run", "model.dropout",
                      "model.units", "val_accuracy"]  # fmt: skip
    assert [row[:3] for row in rows] == [["0", "completed", "1"], ["1", "pruned", "1"]]


def test_the_best_point_becomes_an_experiment_that_composes(study, tmp_path):
    from fmtool import validate
    from fmtool.config import compose

    store = study(*LINE, "epochs=3", "gate.min.val_accuracy=0.1").store()
    complete(store, 0.5)
    (best,) = summary.document(store)["best"]
    path = experiment_file.write(tmp_path / "experiment/tuned.yaml", store.definition, best)
    composed = compose.compose("train", ["experiment=tuned"], folders=(tmp_path,))
    cfg = validate.train_config(composed)
    assert cfg.model.dropout == best["params"]["model.dropout"]
    assert cfg.model.units == ([8] if best["params"]["model.units"] == "[8]" else [16, 8])
    assert (cfg.model.name, cfg.epochs, cfg.report.test) == ("mlp", 3, True)
    assert "# The best of study s, trial 0: val_accuracy 0.5000." in path.read_text()


def test_an_experiment_is_a_file_that_can_be_chosen(study, tmp_path):
    store = study(*LINE).store()
    with pytest.raises(UsageError, match=r"an experiment is experiment/NAME\.yaml"):
        experiment_file.write(tmp_path / "best.yaml", store.definition, {})
