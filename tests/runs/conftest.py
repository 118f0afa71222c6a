"""Run directories as a training leaves them, and child processes that can be limited or killed."""

import json
import subprocess
import sys
import textwrap

import pytest


@pytest.fixture
def make_run(tmp_path):
    """Writes a run under `tmp_path/runs`; a part given as None is left out."""

    def make(run_id, *, started="2026-01-01T00:00:00.000000+00:00", sweep=None, **parts):
        root = tmp_path / "runs" / run_id
        root.mkdir(parents=True)
        config = {"model": {"name": "cnn"}, "data": {"name": "digits"}, "name": None, "tags": []}
        config |= parts.get("config") or {}
        manifest = {"started": started, "extra": {"sweep": sweep} if sweep else {}}
        # JSON is YAML.
        (root / "config.yaml").write_text(json.dumps(config))
        (root / "manifest.json").write_text(json.dumps(manifest))
        (root / "run.lock").touch()
        if "result" in parts:
            (root / "result.json").write_text(json.dumps(result_document(run_id, parts["result"])))
        return root

    return make


def result_document(run_id, changes):
    return {
        "schema_version": 1,
        "status": "completed",
        "run": run_id,
        "exit_code": 0,
        "epochs": 3,
        "steps": 30,
        "seconds": 61.4,
        "metrics": {"loss": 0.5, "accuracy": 0.75},
        "best": {"epoch": 2, "step": 20, "monitor": "val_loss", "value": 0.4},
        "error": None,
        "non_finite": [],
    } | changes


@pytest.fixture
def python():
    """Runs a piece of Python in a process of its own; without `wait`, the running process."""
    running = []

    def run(code, *arguments, env=None, wait=True):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        running.append(process)
        if not wait:
            return process
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    yield run
    for process in running:
        process.kill()
        process.communicate()
