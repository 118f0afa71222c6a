"""The examples do what their comments promise."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SCRIPT = EXAMPLES / "ci" / "train_and_gate.sh"
QUICK = ("model=mlp", "data=digits", "logging=quiet", "runtime.device=cpu")
DEADLINE = 60.0


@pytest.fixture
def start(tmp_path):
    """Starts a command in `tmp_path`, where `fmtool` is the one under test."""

    def run(*words, **variables):
        scripts = Path(sys.executable).parent
        environment = os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}"} | variables
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


@pytest.fixture
def artifacts(tmp_path):
    """A folder whose name has a space, as a runner's may."""
    return tmp_path / "kept files"


def read_json(path):
    return json.loads(path.read_text())


@pytest.mark.slow
def test_the_job_passes_and_keeps_its_reports_when_the_gates_are_met(start, artifacts):
    gates = "gate.min.accuracy=0.3 gate.max.loss=3"
    job = start("sh", SCRIPT, *QUICK, "epochs=2", ARTIFACTS=str(artifacts), GATES=gates)
    _, notes = job.communicate()
    assert job.returncode == 0, notes
    result, report = (read_json(artifacts / f"{name}.json") for name in ("result", "evaluation"))
    assert result["status"] == report["status"] == "completed"
    assert [gate["met"] for gate in report["gates"]] == [True, True]
    assert report["accuracy"] == result["metrics"]["accuracy"]
    assert (artifacts / "runs" / result["run"] / "model.keras").is_file()


@pytest.mark.slow
def test_the_job_ends_with_4_and_keeps_the_report_when_a_gate_is_missed(start, artifacts):
    gates = "gate.min.accuracy=0.999"
    job = start("sh", SCRIPT, *QUICK, "epochs=1", ARTIFACTS=str(artifacts), GATES=gates)
    job.communicate()
    assert job.returncode == 4
    assert read_json(artifacts / "result.json")["exit_code"] == 4
    assert read_json(artifacts / "evaluation.json")["gates"][0]["met"] is False


def test_the_job_passes_on_the_code_of_a_wrong_config_and_evaluates_nothing(start, artifacts):
    job = start("sh", SCRIPT, "model=mlq", ARTIFACTS=str(artifacts))
    _, notes = job.communicate()
    assert job.returncode == 2
    assert "did you mean 'mlp'?" in notes
    assert read_json(artifacts / "result.json")["exit_code"] == 2
    assert not (artifacts / "evaluation.json").exists()


@pytest.mark.slow
def test_a_cancelled_job_ends_with_143_after_a_checkpoint(start, artifacts):
    job = start("sh", SCRIPT, *QUICK, "epochs=100000", ARTIFACTS=str(artifacts))
    waited_until = time.monotonic() + DEADLINE
    while not list(artifacts.glob("runs/*/checkpoints/step-*")):
        assert job.poll() is None, job.communicate()
        assert time.monotonic() < waited_until, "no checkpoint was written"
        time.sleep(0.1)
    job.send_signal(signal.SIGTERM)
    _, notes = job.communicate(timeout=DEADLINE)
    assert job.returncode == 143, notes
    result = read_json(artifacts / "result.json")
    assert (result["status"], result["exit_code"]) == ("interrupted", 143)
    assert not (artifacts / "evaluation.json").exists()


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_the_pipelines_call_the_script_with_gates_that_exist(name):
    text = (EXAMPLES / "ci" / name).read_text()
    assert isinstance(yaml.safe_load(text), dict)
    assert f"sh {SCRIPT.relative_to(ROOT)} " in text
    assert "GATES: gate.min.accuracy=" in text


@pytest.mark.slow
def test_an_architecture_of_ones_own_trains_from_one_python_and_one_yaml_file(start, tmp_path):
    own = EXAMPLES / "own_model"
    plugin = ("--plugin", own / "residual_mlp.py", "-cd", own / "conf")
    options = ("model=residual_mlp", *QUICK[1:], "epochs=3", "gate.min.accuracy=0.8")
    job = start("fmtool", "train", *plugin, *options, "--json")
    output, notes = job.communicate()
    assert job.returncode == 0, notes
    config = tmp_path / json.loads(output)["run_directory"] / "config.yaml"
    assert yaml.safe_load(config.read_text())["model"]["depth"] == 2


@pytest.fixture(scope="module")
def ranked(session_command, tmp_path_factory):
    """The command with the task of examples/own_task, and the outcome of a training."""
    own = EXAMPLES / "own_task"
    plugin = ("--plugin", str(own / "ordinal.py"))
    command = session_command(tmp_path_factory.mktemp("own_task"))
    outcome = command(
        "train", *plugin, "-cd", str(own / "conf"), "task=ordinal", *QUICK, "runtime.backend=torch",
        "model.units=[32]", "epochs=8", "optimizer.learning_rate=0.01", "gate.max.rank_error=0.5",
        "--json",
    )  # fmt: skip
    return lambda *words: command(words[0], *plugin, *words[1:]), command, outcome


def test_a_task_of_ones_own_is_one_python_and_one_yaml_file():
    files = {path.name for path in (EXAMPLES / "own_task").rglob("*.*") if path.is_file()}
    assert files - {"ordinal.cpython-311.pyc"} == {"ordinal.py", "ordinal.yaml"}


def test_it_trains_to_a_gate_of_its_own_figures(ranked):
    *_, outcome = ranked
    assert outcome.code == 0, outcome.err
    assert outcome.json["headline"] == ["rank_error"]
    assert outcome.json["gates"][0]["met"] is True
    assert outcome.json["metrics"]["rank_error"] < 0.5


def test_it_is_evaluated_with_gates(ranked):
    run, _, outcome = ranked
    found = run("evaluate", "run=last", "gate.min.quadratic_kappa=0.999", "--json")
    assert found.code == 4
    for name, value in outcome.json["metrics"].items():
        assert found.json[name] == value, name


def test_a_file_of_it_is_exported_with_parity_and_predicts_its_ranks(ranked):
    pytest.importorskip("onnxruntime")
    run, command, _ = ranked
    exported = run("export", "run=last", "format=onnx", "--json")
    assert exported.code == 0, exported.err
    (row,) = exported.json["files"]
    assert row["parity"]["agreement"] == 1.0
    pixels = np.zeros((2, 8, 8, 1), np.uint8)
    np.save(command.folder / "x.npy", pixels)
    (folder,) = command.runs
    found = [
        run("predict", model, "input=x.npy", "--json").json["predictions"]
        for model in ("run=last", f"model={folder}/export/onnx/model.onnx")
    ]
    assert [each["rank"] for each in found[0]] == [each["rank"] for each in found[1]]
    assert "probability of 9 or more" in found[0][0]


@pytest.mark.slow
def test_its_keys_are_tuned(ranked):
    own, (run, *_) = EXAMPLES / "own_task", ranked
    found = run(
        "tune", "-cd", str(own / "conf"), "task=ordinal", *QUICK, "epochs=1",
        "budget.trials=2", "objective=min val_rank_error", "task.threshold=0.4..0.6", "--json",
    )  # fmt: skip
    assert found.code == 0, found.err
