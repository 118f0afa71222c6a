"""Every shipped YAML file composes, validates, explains its keys and holds all the defaults."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from small_models import data_of_task, task_of_data

from fmtool import registry, validate
from fmtool.cli import sweep_command
from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.matching import declared_kind, readable_kinds
from fmtool.schema import EvaluateConfig, PredictConfig, SavedRunConfig, TrainConfig
from fmtool.sweeping.config import OwnConfig, SweepConfig
from fmtool.tuning import space, space_file
from fmtool.tuning.config import Cluster, TuneConfig, tune_config

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
SHARED = "base"
FILES = sorted(path.relative_to(CONF) for path in CONF.rglob("*.yaml"))
SPACES = sorted(path.stem for path in FILES if path.parent == Path("space"))
OPTIONS = [
    (path.parent.as_posix(), path.stem)
    for path in FILES
    if path.parent != Path() and path.parent.name not in (SHARED, "space")
]
KINDS = {**registry.KINDS, "tuner": registry.TUNER, "pruner": registry.PRUNER}
OF_TUNE = ("tuner", "pruner", "tune/cluster")
"""The groups of `fmtool tune`; the others are of `fmtool train`."""
MODULE_OPTIONS = [option for option in OPTIONS if option[0] in KINDS]
KEY = re.compile(r"^ *([\w.]+):(?: +(?P<value>[^#\s].*?))?(?P<comment> +#.*)?$")


TO_BE_GIVEN = {
    "image_folder": ["data.path=pictures"],
    "arrays": ["data.path=set.npz"],
    "text": ["data.path=texts.csv"],
    "table": ["data.path=rows.csv"],
    **{name: ["data.path=sentences"] for name in ("mr", "sst2", "subj", "trec")},
}
"""What only the user can know, by option."""


def given(group, name):
    """A recipe is named after its data set."""
    return TO_BE_GIVEN.get(name.partition("_")[0] if group == "experiment" else name, [])


@cache
def composed(group, name):
    if group in OF_TUNE:
        return compose("tune", [f"{group}={name}"])
    # The images of the default data are too small for some models.
    beside = {
        "model": lambda name: ["data=cifar10"],
        "task": data_of_task,
        "data": task_of_data,
    }.get(group, lambda name: [])
    return compose("train", [f"{group}={name}", *beside(name), *given(group, name)])


def config_of(group, name):
    return registry.module(group, name).Config


def modules_with_a_config(group):
    folder = ROOT.joinpath(*KINDS[group].package.split("."))
    return {
        path.stem
        for path in folder.glob("*.py")
        if any(
            isinstance(node, ast.ClassDef) and node.name == "Config"
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    }


def config_classes(config):
    """The class and the classes of its fields, however deep."""
    yield config
    for field in config.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from config_classes(field.annotation)


def keys(path):
    """(key, has a value, has a comment) of each line that sets a key, the defaults list aside."""
    is_defaults = False
    for line in (CONF / path).read_text(encoding="utf-8").splitlines():
        match = KEY.match(line)
        if match:
            is_defaults = match[1] == "defaults"
        if match and not is_defaults:
            yield match[1], bool(match["value"]), bool(match["comment"])


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_every_option_composes_and_validates(group, name):
    raw = composed(group, name)
    if group in KINDS:
        assert validate.option(group, raw[group]).name == name
    if group in OF_TUNE:
        tune_config(raw)
        return
    # The default model and the default data are for images.
    is_for_others = (group == "data" and declared_kind(name) not in (None, "image")) or (
        group == "model" and "image" not in readable_kinds(name)
    )
    if not is_for_others:
        validate.train_config(raw)


@pytest.mark.parametrize("name", TO_BE_GIVEN)
def test_an_option_without_what_the_user_has_to_give_names_the_key(name):
    with pytest.raises(UsageError, match=r"^data\.path: .*; fix: write data\.path=PATH$"):
        validate.train_config(compose("train", [f"data={name}"]))


def test_evaluate_composes_and_validates():
    assert validate.evaluate_config(compose("evaluate", ["run=last"])).split == "auto"


def test_the_keys_of_a_sweep_compose_validate_and_are_split_off():
    raw = compose("sweep", [])
    assert set(raw) == set(OwnConfig.model_fields) == set(sweep_command._OWN_KEYS)
    assert set(raw["sweep"]) == set(SweepConfig.model_fields)
    assert validate.keys_of(OwnConfig, raw, prefix="").seeds is None


def test_predict_composes_and_validates():
    raw = compose("predict", ["model_file=m.onnx", "input=-"])
    assert (validate.predict_config(raw).batch_size, set(raw)) == (
        64, set(PredictConfig.model_fields)
    )  # fmt: skip


@pytest.mark.parametrize(("group", "name"), MODULE_OPTIONS)
def test_the_keys_of_an_option_are_the_fields_of_its_config(group, name):
    assert set(composed(group, name)[group]) == set(config_of(group, name).model_fields)


def test_no_default_lives_in_python():
    options = (config_of(*option) for option in MODULE_OPTIONS)
    clusters = get_args(get_args(Cluster)[0])
    roots = [TrainConfig, EvaluateConfig, PredictConfig, SavedRunConfig, TuneConfig]
    roots += [*clusters, *options]
    defaults = {
        f"{config.__module__}.{config.__name__}.{name}"
        for root in roots
        for config in config_classes(root)
        for name, field in config.model_fields.items()
        if not field.is_required()
    }
    assert defaults == set()


@pytest.mark.parametrize("name", SPACES)
def test_every_file_of_ranges_is_named_after_a_model_and_fits_it(name):
    data = "cifar10" if "image" in readable_kinds(name) else "mr"
    words = [f"model={name}", f"data={data}", *given("data", data)]
    found = space.read(words, space="auto", config_name="train", folders=())
    keys_there = {dimension.key for dimension in found.dimensions}
    assert keys_there == set(space_file.read(name, ()))


@pytest.mark.parametrize("group", KINDS)
def test_every_option_is_one_python_file_and_one_yaml_file(group):
    assert modules_with_a_config(group) == {name for kind, name in OPTIONS if kind == group}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_key_has_a_comment_where_it_is_first_set(path):
    shared = CONF / SHARED / f"{path.parent}.yaml"
    inherited = {key for key, *_ in keys(shared)} if shared.is_file() else set()
    bare = [
        key
        for key, has_value, has_comment in keys(path)
        if has_value and not has_comment and key != "name" and key not in inherited
    ]
    assert bare == []
