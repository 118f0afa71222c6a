"""An environment with what every backend needs, JAX, and nothing else: no TensorFlow, no extra."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CODE = """
import json, sys
from importlib.util import find_spec
from fmtool.cli.main import main
absent = [name for name in ("tensorflow", "torch", "sklearn", "tokenizers") if find_spec(name)]
train = ["train", "data=digits", "model=mlp", "epochs=2", "runs_dir=runs", "--json",
         "runtime.backend=auto"]
codes = [main(train), main(["evaluate", "run=last", "--json"])]
print(json.dumps([codes, absent, "jax" in sys.modules]))
"""


@pytest.fixture
def packages(tmp_path):
    """A folder of links to the packages that are needed, and to fmtool."""
    folder = tmp_path / "packages"
    (folder / "fmtool").mkdir(parents=True)
    for path in (*(ROOT / "fmtool").iterdir(), ROOT / "cli", ROOT / "conf"):
        (folder / "fmtool" / path.name).symlink_to(path)
    about = importlib.metadata.distribution("fmtoolkit")._path
    (folder / about.name).symlink_to(about)
    core = (ROOT / "requirements" / "core.txt").read_text(encoding="utf-8")
    for name in closure([*filter(lambda line: not line.startswith("#"), core.splitlines()), "jax"]):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(distribution.locate_file(top)))
    return folder


def closure(requirements):
    """The names of what these need, and what that needs."""
    names, waiting = set(), [Requirement(line) for line in requirements]
    while waiting:
        asked = waiting.pop()
        name = re.sub(r"[-_.]+", "-", asked.name).lower()
        if name in names:
            continue
        names.add(name)
        further = map(Requirement, importlib.metadata.requires(name) or ())
        waiting += [each for each in further if each.marker is None or each.marker.evaluate()]
    return names


@pytest.fixture
def python(packages, tmp_path):
    """A script in a process that finds these packages and no others."""

    def run(*words):
        return subprocess.run(
            [sys.executable, "-S", "-P", *words],
            cwd=tmp_path,
            env={"PYTHONPATH": str(packages), "HOME": str(tmp_path), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
        )

    return run


def test_a_training_an_evaluation_and_a_plain_refusal_of_what_needs_tensorflow(python, tmp_path):
    done = python("-c", CODE)
    *_, last = done.stdout.splitlines()
    assert json.loads(last) == [[0, 0], [], True], done.stderr
    manifest = json.loads(next((tmp_path / "runs").glob("*/manifest.json")).read_text())
    assert manifest["backend"] == "jax"
    assert "tensorflow" not in manifest["packages"]

    refused = python("-m", "fmtool.cli", "export", "run=last")
    assert refused.returncode == 2
    assert "format=onnx needs tensorflow, tf2onnx" in refused.stderr
    assert "pip install 'tensorflow>=2.21' 'tf2onnx>=1.17'" in refused.stderr
