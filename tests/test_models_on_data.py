"""The table of every kind of data and every model: it trains, or says in one line why not."""

import math
from itertools import product

import pytest
from small_models import SMALL, as_words

from fmtool import registry
from fmtool.elements import WHAT
from fmtool.matching import declared_kind, readable_kinds

KINDS = {"image": "image", "text": "text", "row": "features", "series": "features"}
"""Of `one_step.ELEMENTS`, and what they are to a model."""
TASKS = {
    "binary": {"cnn", "mlp", "text_cnn"},
    "multi_label": {"cnn", "mlp", "text_cnn"},
    "regression": {"cnn", "text_cnn"},
}
"""Other tasks than the usual one, and the models that they are tried with in the suite."""
NO_STEPS = {"rnn", "tcn", "text_cnn", "transformer"}
"""Models that have nothing to read one after another in a row of features."""


def has_step_elsewhere(model, kind):
    """Whether test_conf_trains.py trains the same network on samples of the same shape."""
    kinds = readable_kinds(model)
    return kind == ("image" if "image" in kinds else "text") and KINDS[kind] in kinds


def cases():
    for model in SMALL:
        for kind in KINDS:
            marks = [pytest.mark.slow] if has_step_elsewhere(model, kind) else []
            yield pytest.param(model, kind, marks=marks)


@pytest.mark.parametrize(("model", "kind"), cases())
def test_a_model_trains_on_samples_of_a_kind_or_says_why_not(stepper, model, kind):
    # `arrays` may hold anything, so nothing is known before the samples are.
    words = [f"model={model}", *as_words(model), "data=arrays", "data.path=."]
    outcome = stepper("tensorflow")(words, kind)
    if KINDS[kind] not in readable_kinds(model):
        held = WHAT[KINDS[kind]]
        assert f"model={model} reads " in outcome["error"]
        assert f", but data=arrays holds {held}; fix: choose model=" in outcome["error"]
    elif kind == "row" and model in NO_STEPS:
        assert f"model={model} reads series of shape (steps, channels)" in outcome["error"]
        assert "; fix: choose model=mlp" in outcome["error"]
    else:
        assert math.isfinite(outcome["loss"]), outcome
        assert outcome["changed"]


def cases_of_tasks():
    for task, quick in TASKS.items():
        for model, (kind, read) in product(SMALL, KINDS.items()):
            if read in readable_kinds(model) and not (kind == "row" and model in NO_STEPS):
                is_quick = model in quick and kind != "series"
                marks = [] if is_quick else [pytest.mark.slow]
                yield pytest.param(task, model, kind, marks=marks)


@pytest.mark.parametrize(("task", "model", "kind"), cases_of_tasks())
def test_every_model_learns_every_task(stepper, task, model, kind):
    words = [f"task={task}", f"model={model}", *as_words(model), "data=arrays", "data.path=."]
    outcome = stepper("tensorflow")(words, kind)
    assert "error" not in outcome, outcome
    assert math.isfinite(outcome["loss"])
    assert outcome["changed"]
    assert outcome["difference"] == 0


MISMATCHES = [
    (model, data)
    for model in ("cnn", "bag")
    for data in registry.names("data")
    if declared_kind(data) not in (None, *readable_kinds(model))
]


@pytest.mark.parametrize(("model", "data"), MISMATCHES)
def test_what_cannot_go_together_is_refused_before_any_file_is_read(call, model, data):
    has_path = "path" in registry.module("data", data).Config.model_fields
    path = ["data.path=nowhere"] if has_path else []
    outcome = call("train", f"model={model}", f"data={data}", *path)
    assert outcome.code == 2
    assert f"model={model} reads " in outcome.error


def test_every_kind_is_read_by_a_model():
    # Records are read by models, or made one element by tasks, of a user's own.
    read = {kind for model in SMALL for kind in readable_kinds(model)}
    assert read == set(WHAT) - {"record"}
