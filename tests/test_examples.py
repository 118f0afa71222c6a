"""The examples do what their comments promise."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
