"""PyTorch's networks against those of fmtool, in one process on torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json, sys
from contest import presets, torch_networks, workload
keras = workload.import_keras("torch", "float32")
from small_models import classifier
from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
counts = {}
for name, words in presets.WORKLOADS.items():
    cfg = validate.train_config(compose("train", list(words)))
    shape = (28, 28, 1) if name == "mlp" else (32, 32, 3)
    ours = classifier(cfg.model, Pixels(shape))
    native = torch_networks.build(name, (shape[2], *shape[:2]))
    trained = [each for each in native.parameters() if each.requires_grad]
    counts[name] = [
        sum(each.value.numel() for each in ours.trainable_variables),
        sum(each.numel() for each in trained),
    ]
print(json.dumps(counts))
"""


@pytest.fixture(scope="module")
def counts() -> dict[str, list[int]]:
    """Trained weights of each network: fmtool's, PyTorch's."""
    tests = Path(__file__).parents[1]
    folders = os.pathsep.join(map(str, (tests, tests.parent / "scripts")))
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=os.environ | {"PYTHONPATH": folders},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("workload", ["cnn", "mlp", "net94"])
def test_native_networks_train_as_many_weights_as_those_of_fmtool(
    counts: dict[str, list[int]], workload: str
) -> None:
    ours, native = counts[workload]
    assert ours == native > 10_000
