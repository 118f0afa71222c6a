"""What a task chooses by the validation split is kept with its digest, and the report knows it."""

import json
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from fmtool import registry
from fmtool.data.splitting.splits import Split
from fmtool.errors import DataError
from fmtool.evaluation import task_of_run
from fmtool.metric import Metric
from fmtool.notices import note
from fmtool.runs import artifacts
from fmtool.runs.layout import CALIBRATION, RunPaths
from fmtool.runs.result import RunResult
from fmtool.targets import Numbers
from fmtool.tasks.base import TaskConfig
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.training import final_report

TARGET = Numbers(("size",), (1,))


class Model(SimpleNamespace):
    """Gives what it is shown."""

    def predict_on_batch(self, batch):
        return np.asarray(batch, np.float32)


class Shares(Reporting):
    """Of how many samples the output is above a threshold: the mean of the validation split."""

    CALIBRATES = True
    output_shape = (1,)

    def __init__(self, target, kept):
        super().__init__(target)
        self.threshold = json.loads(kept[CALIBRATION])["threshold"] if CALIBRATION in kept else 0.5
        self.found = []

    def calibrate(self, outputs, y):
        if outputs is None:
            note("no validation split: the threshold is 0.5")
            return json.dumps({"threshold": 0.5})
        assert outputs.tolist() == y.tolist()
        return json.dumps({"threshold": float(outputs.mean())})

    def meter(self):
        return self

    def add(self, outputs, y):
        self.found += (outputs > self.threshold).tolist()

    def report(self):
        return Report(len(self.found), {"share": float(np.mean(self.found)), "none": None})


@pytest.fixture
def task(monkeypatch):
    class Config(TaskConfig):
        name: str

    module = ModuleType("shares")
    share = (Metric("share", "max"),)
    contents = {
        "__file__": "shares.py",
        "Config": Config,
        "LEARNS": ("numbers",),
        "NEEDS": "vector",
        "training_metrics": lambda cfg: (Metric("loss", "min"),),
        "report_metrics": lambda cfg: share,
        "build": lambda cfg, target, y: None,
        "reporting": lambda cfg, target, kept: Shares(target, kept),
        "about": lambda cfg, kept: {},
        "serving": lambda about, target: None,
    }
    vars(module).update(contents)
    monkeypatch.setitem(registry._plugins, ("task", "shares"), module)
    return Config(name="shares")


@pytest.fixture
def session(task, monkeypatch):
    monkeypatch.setattr(final_report, "load_model", lambda path: Model())
    numbers = np.arange(10, dtype=np.float32).reshape(10, 1)
    train, test = Split(numbers, numbers), Split(numbers / 2, numbers / 2)
    return SimpleNamespace(
        cfg=SimpleNamespace(
            task=task, report=SimpleNamespace(test=True), eval_batch_size=3, tta="none"
        ),
        data=SimpleNamespace(
            splits=SimpleNamespace(test=test, target=TARGET, artifacts={}),
            kept={},
            validation=(train, np.array([2, 4, 6])),
        ),
    )


def finished(found, paths):
    """The run with its result."""
    digests = artifacts.digests(found.chosen)
    result = RunResult("r", 0, epochs=1, steps=1, seconds=1.0, artifacts=digests)
    paths.result.write_text(json.dumps(result.to_json()))


def test_what_is_chosen_is_kept_and_the_report_is_made_with_it(session, tmp_path, task):
    paths = RunPaths(tmp_path)
    found = final_report.final_report(session, paths)
    assert json.loads((tmp_path / "task.json").read_text()) == {"threshold": 4.0}
    assert found.report.metrics["share"] == 0.1
    assert found.summary == {"share": 0.1, "none": None}
    finished(found, paths)
    assert task_of_run.find(task, TARGET, paths).threshold == 4.0


def test_without_validation_the_task_says_what_it_does_instead(session, tmp_path, capsys):
    session.data.validation = None
    found = final_report.final_report(session, RunPaths(tmp_path))
    assert json.loads(found.chosen[CALIBRATION]) == {"threshold": 0.5}
    assert "no validation split: the threshold is 0.5" in capsys.readouterr().err


def test_it_is_chosen_where_no_test_split_is_looked_at(session, tmp_path):
    session.cfg.report.test = False
    found = final_report.final_report(session, RunPaths(tmp_path))
    assert json.loads(found.chosen[CALIBRATION]) == {"threshold": 4.0}
    assert found.report is found.summary is None


def test_a_task_that_chooses_nothing_leaves_no_file(session, tmp_path, task, monkeypatch):
    monkeypatch.setattr(Shares, "CALIBRATES", False)
    paths = RunPaths(tmp_path)
    found = final_report.final_report(session, paths)
    assert found.report.metrics["share"] == 0.8
    finished(found, paths)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    assert "artifacts" not in json.loads(paths.result.read_text())
    assert task_of_run.find(task, TARGET, paths).threshold == 0.5


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_text("{}")])
def test_what_is_missing_or_damaged_is_bad_data(session, tmp_path, task, change):
    paths = RunPaths(tmp_path)
    finished(final_report.final_report(session, paths), paths)
    change(tmp_path / "task.json")
    with pytest.raises(DataError, match=r"task\.json"):
        task_of_run.find(task, TARGET, paths)
