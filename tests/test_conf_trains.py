"""Every YAML file of conf/ composes, builds, trains a step, saves, and loads with equal outputs."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_models import SMALL, as_words

from fmtool import registry
from fmtool.matching import declared_kind

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
NOT_BUILT = {"base", "runtime/gpu"}
"""Parts of other files, and what needs a GPU."""
GIVEN = {"image_folder": ["data.path=."], "arrays": ["data.path=."]}
"""What only the user can know."""
QUICK_RECIPES = {"cifar10_seed", "cifar10_cpu_quick", "mnist_cnn"}
FAMILIES = {"model/cnn", "model/mlp", "model/resnet", "model/vit", "optimizer/muon_sgd"}
"""One of each that touches a backend in its own way."""

FILES = [path.relative_to(CONF).with_suffix("").as_posix() for path in CONF.glob("*/*.yaml")]
OPTIONS = sorted(
    name for name in FILES if name not in NOT_BUILT and name.partition("/")[0] not in NOT_BUILT
)


def words_of(option):
    """A training of this option in its smallest size; recipes are as they are."""
    group, name = option.split("/")
    words = [f"{group}={name}", *GIVEN.get(name, []), "batch_size=8", "runtime.device=cpu"]
    words += ["runtime.threads=1", "runtime.precision=float32", "runtime.steps_per_dispatch=1"]
    if group == "experiment":
        return words
    is_text = group == "data" and declared_kind(name) == "text"
    model = name if group == "model" else "bag" if is_text else "cnn"
    return [*words, *([] if group == "model" else [f"model={model}"]), *as_words(model)]


def is_quick(option):
    group, name = option.split("/")
    return group != "experiment" or name in QUICK_RECIPES


class Child:
    """conf_steps.py on a backend."""

    def __init__(self, backend):
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("conf_steps.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"KERAS_BACKEND": backend},
        )
        self._backend = backend

    def outcome(self, option):
        words = [*words_of(option), f"runtime.backend={self._backend}"]
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline() or '{"error": "it died"}')

    def close(self):
        self._process.communicate()


@pytest.fixture(scope="module")
def child_of():
    children = {}

    def child(backend):
        if backend not in children:
            children[backend] = Child(backend)
        return children[backend]

    yield child
    for each in children.values():
        each.close()


def cases():
    for option in OPTIONS:
        for backend in ("tensorflow", "jax", "torch"):
            is_default = backend == "tensorflow" if is_quick(option) else False
            marks = [] if is_default or option in FAMILIES else [pytest.mark.slow]
            yield pytest.param(option, backend, marks=marks, id=f"{option}-{backend}")


@pytest.mark.parametrize(("option", "backend"), cases())
def test_it_trains_a_step_and_loads_with_equal_outputs(child_of, option, backend):
    outcome = child_of(backend).outcome(option)
    assert "error" not in outcome, outcome
    assert math.isfinite(outcome["loss"])
    assert outcome["changed"]
    assert outcome["shape"][0] == 4
    assert outcome["difference"] == 0


def test_every_option_of_a_registry_has_a_file_here():
    of_modules = {f"{group}/{name}" for group in registry.KINDS for name in registry.names(group)}
    assert of_modules - set(OPTIONS) == set()


def test_every_model_has_a_smallest_size():
    assert set(SMALL) == set(registry.names("model"))
