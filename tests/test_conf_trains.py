"""Every YAML file of conf/ composes, builds, trains a step, saves, and loads with equal outputs."""

import math
from pathlib import Path

import pytest
from small_models import SMALL, as_words, task_of_data

from fmtool import options, registry
from fmtool.matching import declared_kind, readable_kinds, tasks_that_learn


def keys_of(data_name):
    return registry.module("data", data_name).Config.model_fields


ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
NOT_BUILT = {"base", "runtime/gpu", "space", "tuner", "pruner"}
"""Parts of other files, what needs a GPU, and what is of `fmtool tune`."""
PATH = {name: ["data.path=."] for name in registry.names("data") if "path" in keys_of(name)}
"""What only the user can know."""
FAMILIES = {"data/text", "model/cnn", "model/rnn", "model/transformer", "optimizer/muon_sgd"}
"""Some that touch a backend in their own way, and are in the suite on each."""

MODELS = {"model/mlp", "model/cnn", "model/resnet", "model/tcn", "model/vit", "data/arrays"}

SHALLOW = {"transformer", "vit"}
"""With a single block on JAX, which compiles each one anew; on the others they have two."""

FILES = [path.relative_to(CONF).with_suffix("").as_posix() for path in CONF.glob("*/*.yaml")]
OPTIONS = sorted(
    name for name in FILES if name not in NOT_BUILT and name.partition("/")[0] not in NOT_BUILT
)


def is_learnt(option):
    """Whether there is a task for the target of a data set; it is not trained on until there is."""
    group, name = option.split("/")
    info = options.data(name).INFO if group == "data" else None
    return info is None or bool(tasks_that_learn(info.target))


def words_of(option):
    """A training of this option in its smallest size; recipes are as they are.

    But for a warm-up, whose first step has a learning rate of 0.
    """
    group, name = option.split("/")
    if group == "experiment":
        data = name.partition("_")[0]
        return [f"experiment={name}", "schedule.warmup_start=1", *PATH.get(data, [])]
    if group == "data":
        model = {"text": "bag", "features": "mlp"}.get(declared_kind(name), "cnn")
        words = [f"data={name}", *PATH.get(name, []), *task_of_data(name)]
        return [*words, f"model={model}", *as_words(model)]
    if group == "model":
        data = "mnist" if "image" in readable_kinds(name) else "text"
        return [f"model={name}", *as_words(name), f"data={data}", *PATH.get(data, [])]
    if group == "task":
        return [f"task={name}", "data=arrays", *PATH["arrays"], "model=cnn", *as_words("cnn")]
    return [f"{group}={name}", "model=cnn", *as_words("cnn")]


def words_on(backend, option):
    model = option.removeprefix("model/")
    is_shallow = backend == "jax" and model in SHALLOW
    return [*words_of(option), *(["model.depth=1"] if is_shallow else [])]


def is_typical(option):
    """True of each task, and of models of every kind of layer that are made in little time."""
    return option.startswith("task/") or option in MODELS


def cases():
    for option in filter(is_learnt, OPTIONS):
        for backend in ("tensorflow", "jax", "torch"):
            is_default = backend == "tensorflow" and is_typical(option)
            marks = [] if is_default or option in FAMILIES else [pytest.mark.slow]
            yield pytest.param(option, backend, marks=marks, id=f"{option}-{backend}")


@pytest.mark.parametrize(("option", "backend"), cases())
def test_it_trains_a_step_and_loads_with_equal_outputs(stepper, option, backend):
    outcome = stepper(backend)(words_on(backend, option))
    assert "error" not in outcome, outcome
    assert math.isfinite(outcome["loss"])
    assert outcome["changed"]
    assert (outcome["shape"][0], outcome["dtype"]) == (4, "float32")
    assert outcome["difference"] == 0


def test_every_option_of_a_registry_has_a_file_here():
    of_modules = {f"{group}/{name}" for group in registry.KINDS for name in registry.names(group)}
    assert of_modules - set(OPTIONS) == set()


def test_every_model_has_a_smallest_size():
    assert set(SMALL) == set(registry.names("model"))
