"""When a run has nothing left to do, and which differences it may go on with."""

import json
from copy import deepcopy
from dataclasses import replace
from functools import cache, reduce

import numpy as np
import pytest

from fmtool import validate
from fmtool.config.compose import compose, dump
from fmtool.data.splitting.loading import Data
from fmtool.data.splitting.selection import select
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features
from fmtool.errors import ConfigChanged, UsageError
from fmtool.runs.atomic import write_json
from fmtool.runs.layout import RunPaths
from fmtool.runs.result import RunResult
from fmtool.targets import Label
from fmtool.training import resume

DONE = RunResult("r", exit_code=0, epochs=3, steps=9, seconds=1.0, metrics={"accuracy": 0.75})


@cache
def composed():
    return compose("train", ["data=digits", "model=mlp", "epochs=3"])


def asked(**changes):
    """The config of the run with other values for keys, whose dots are written as `__`."""
    plain = deepcopy(composed())
    for key, value in changes.items():
        *groups, name = key.split("__")
        reduce(dict.__getitem__, groups, plain)[name] = value
    return validate.train_config(plain)


@pytest.fixture(scope="module")
def cfg():
    return asked()


@pytest.fixture
def run(tmp_path, cfg):
    """A function that makes the directory of a run of three epochs which ended as it is told."""

    def make(result):
        paths = RunPaths(tmp_path)
        paths.config.write_text(dump(cfg.model_dump(serialize_as_any=True)))
        if result is not None:
            write_json(paths.result, result.to_json())
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("ended", "epochs", "is_done"),
    [
        (DONE, 3, True),
        (DONE, 2, True),
        (DONE, 4, False),
        (replace(DONE, epochs=2), 4, True),
        (replace(DONE, exit_code=4), 3, True),
        (replace(DONE, exit_code=143), 3, False),
        (replace(DONE, exit_code=5), 3, False),
        (replace(DONE, metrics={}), 3, False),
        (None, 3, False),
    ],
    ids=["whole", "fewer are asked for", "more are asked for", "it stopped early",
         "a gate was missed", "interrupted", "diverged", "not tested", "killed"],
)  # fmt: skip
def test_a_run_is_done_that_ended_well_with_all_epochs_and_its_test(
    run, cfg, ended, epochs, is_done
):
    found = resume.finished(run(ended), cfg.model_copy(update={"epochs": epochs}))
    assert (found is not None) == is_done


def test_a_run_that_was_not_to_be_tested_is_done_without(run, cfg):
    report = cfg.report.model_copy(update={"test": False})
    untested = cfg.model_copy(update={"report": report})
    assert resume.finished(run(replace(DONE, metrics={})), untested) is not None


@pytest.mark.parametrize(("bound", "code"), [(0.75, 0), (0.76, 4)])
def test_a_finished_run_is_judged_by_the_gates_of_now(run, cfg, bound, code):
    gate = cfg.gate.model_copy(update={"min": {"accuracy": bound}})
    found = resume.finished(run(DONE), cfg.model_copy(update={"gate": gate}))
    assert found is not None
    assert (found.exit_code, [row.met for row in found.gates]) == (code, [code == 0])


@pytest.fixture(scope="module")
def data():
    labels = np.arange(10, dtype=np.int32) % 2
    split = Split(np.zeros((10, 3), np.float32), labels)
    splits = Splits("digits", split, split, Label(("a", "b")), "d" * 64, Features((3,)))
    selection = select(
        labels, strata_count=2, validation_fraction=0.2, fraction=1.0, limit=None, seed=0
    )
    return Data(splits, selection)


@pytest.fixture
def begun(run, data):
    """The directory of a run that began on `data`."""
    folder = run(DONE)
    digests = {"data_digest": data.splits.digest, "selection_digest": data.selection.digest}
    write_json(RunPaths(folder).manifest, {"rules": 2, "versions": {}, **digests})
    return folder


def test_epochs_may_differ_and_are_told(begun, data):
    assert dict(resume.require_same(begun, asked(epochs=5), data, {})) == {"epochs": (3, 5)}


def test_another_version_of_what_computes_is_a_warning(begun, data, capsys):
    facts = json.loads(RunPaths(begun).manifest.read_text())
    write_json(RunPaths(begun).manifest, facts | {"python": "3.1.4"})
    resume.require_same(begun, asked(), data, {})
    assert "python was 3.1.4 when the run began and is 3." in capsys.readouterr().err


def test_all_that_differs_is_counted_and_three_are_shown(begun, data):
    three = {"batch_size": 7, "seed": 1, "eval_batch_size": 9}
    with pytest.raises(ConfigChanged) as refused:
        resume.require_same(begun, asked(**three, optimizer__learning_rate=0.5), data, {})
    shown = refused.value.message.partition("configuration: ")[2]
    assert len(shown.split("; ")) == 3
    assert shown.endswith(" and 1 more")
    assert len(refused.value.details["changes"]) == 4
    with pytest.raises(ConfigChanged) as refused:
        resume.require_same(begun, asked(**three), data, {})
    assert "more" not in refused.value.message


def test_other_data_are_another_configuration(begun, data):
    splits = replace(data.splits, digest="e" * 64)
    with pytest.raises(ConfigChanged, match=f"data_digest {'d' * 12} -> {'e' * 12}"):
        resume.require_same(begun, asked(), replace(data, splits=splits), {})


def test_a_group_is_allowed_by_its_name_and_no_other(begun, data):
    changes = {"optimizer__learning_rate": 0.5, "optimizer__weight_decay": 0.1}
    allowed = asked(**changes, allow_change=["optimizer"])
    assert len(resume.require_same(begun, allowed, data, {})) == 2
    with pytest.raises(ConfigChanged, match="weight_decay"):
        resume.require_same(
            begun, asked(**changes, allow_change=["optimizer.learning_rate"]), data, {}
        )
    with pytest.raises(UsageError, match="there is no key 'optimize'"):
        resume.require_same(begun, asked(allow_change=["optimize"]), data, {})
