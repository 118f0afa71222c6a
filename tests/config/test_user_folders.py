"""YAML folders of the user's own: three ways to name them, inheritance, mistakes in them."""

import json
import os
import shlex

import pytest
import yaml

from fmtool.config.arguments import prepare
from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.validate import option

THIN = "defaults: [cnn, _self_]\nfilters: [4]\n"


@pytest.fixture
def shown(call):
    """The composed config, as `--cfg job` shows it."""

    def show(*argv):
        outcome = call("train", *argv, "--cfg", "job")
        assert outcome.code == 0, outcome.err
        return yaml.safe_load(outcome.out)

    return show


def test_a_folder_joins_by_cd(shown, fmtool):
    fmtool.write("mine/model/thin.yaml", THIN)
    assert shown("-cd", "mine", "model=thin")["model"]["filters"] == [4]


def test_a_folder_joins_by_searchpath(shown, fmtool):
    folder = fmtool.write("mine/model/thin.yaml", THIN).parent.parent
    assert shown("model=thin", f"hydra.searchpath=[file://{folder}]")["model"]["filters"] == [4]


def test_folders_join_by_the_environment(shown, fmtool, monkeypatch):
    fmtool.write("one/model/thin.yaml", THIN)
    fmtool.write("two/data/few.yaml", "defaults: [digits, _self_]\nlimit: 100\n")
    monkeypatch.setenv("FMTOOL_CONF", os.pathsep.join(("one", "two")))
    config = shown("model=thin", "data=few")
    assert (config["model"]["filters"], config["data"]["limit"]) == ([4], 100)


def test_a_folder_called_fmtool_conf_joins_by_being_there(shown, fmtool):
    fmtool.write("fmtool_conf/model/thin.yaml", THIN)
    assert shown("model=thin")["model"]["filters"] == [4]


def test_what_is_inherited_keeps_the_other_defaults(shown, fmtool):
    fmtool.write("fmtool_conf/model/thin.yaml", THIN)
    thin, cnn = shown("model=thin")["model"], shown("model=cnn")["model"]
    assert thin == cnn | {"filters": [4]}


def test_fmtools_own_option_of_the_same_name_wins(shown, fmtool):
    fmtool.write("fmtool_conf/model/cnn.yaml", "name: cnn\nfilters: [1]\n")
    assert shown("model=cnn")["model"]["filters"] == [32, 64]


def test_a_primary_config_of_the_users_own_is_chosen_by_cn(shown, fmtool):
    primary = "defaults: [train, override model: mlp, _self_]\nepochs: 3\n".replace(
        "override model: mlp", "{override model: mlp}"
    )
    fmtool.write("mine/short.yaml", primary)
    config = shown("-cd", "mine", "-cn", "short")
    assert (config["model"]["name"], config["epochs"]) == ("mlp", 3)


def test_one_key_may_refer_to_another(shown, fmtool):
    assert shown("name=${model.name}", "--resolve")["name"] == "cnn"


def test_package_shows_one_group(call):
    outcome = call("train", "--cfg", "job", "-p", "schedule")
    assert yaml.safe_load(outcome.out.partition("\n")[2])["name"] == "constant"


@pytest.mark.parametrize("way", ["-cd", "FMTOOL_CONF", "fmtool_conf"])
def test_a_misspelt_key_in_a_users_file_is_found(call, fmtool, monkeypatch, way):
    folder = "fmtool_conf" if way == "fmtool_conf" else "mine"
    fmtool.write(f"{folder}/model/thin.yaml", "defaults: [cnn, _self_]\nfilter: [4]\n")
    if way == "FMTOOL_CONF":
        monkeypatch.setenv(way, folder)
    outcome = call("train", *(["-cd", folder] if way == "-cd" else []), "model=thin")
    assert outcome.code == 2
    assert outcome.error == (
        "error: unknown key 'model.filter'; fix: did you mean 'model.filters'?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("filters: [1\n", ""),
        ("defaults: [nothing, _self_]\n", "model=nothing: no such model"),
        ("defaults: [cnn, _self_]\nfilters: 4\n", "model.filters=4 is not accepted; fix: give a "),
        ("name: nothing\n", "model.name: no model is called 'nothing'"),
        ("[1, 2]\n", ""),
        ("!!python/object/apply:os.mkdir [marker]\n", ""),
    ],
)
def test_a_broken_file_of_the_users_own_is_one_line(call, fmtool, text, message):
    fmtool.write("fmtool_conf/model/mine.yaml", text)
    outcome = call("train", "model=mine")
    assert outcome.code == 2
    assert outcome.error.startswith("error: ")
    assert message in outcome.error
    assert not (fmtool.folder / "marker").exists()


NAMES = ("01", "010", "no", "yes", "on", "true", "1_000", "1e3", "2024-01-01", "null", "~", "7")
"""Names of classes that YAML or Hydra take for something else, and one that they do not."""


def test_a_name_of_a_class_is_what_it_spells_in_a_file(shown, fmtool):
    fmtool.write(
        "mine/experiment/rare.yaml",
        "# @package _global_\ntask:\n  class_weights:\n"
        + "".join(f"    {name} : {place}\n" for place, name in enumerate(NAMES, start=1)),
    )
    weights = ", ".join(f"{name}: {place}" for place, name in enumerate(NAMES, start=1))
    inherited = f"defaults: [classification, _self_]\nclass_weights: {{{weights}}}\n"
    fmtool.write("mine/task/rare.yaml", inherited)
    expected = {name: place for place, name in enumerate(NAMES, start=1)}
    for word in ("experiment=rare", "task=rare"):
        config = shown("-cd", "mine", "data=digits", word)
        assert option("task", config["task"]).class_weights == expected


@pytest.mark.parametrize("quotes", ["", "'", '"'])
def test_a_name_of_a_class_is_what_it_spells_on_the_command_line(quotes):
    weights = ",".join(f"{quotes}{name}{quotes}: {n}" for n, name in enumerate(NAMES, start=1))
    raw = compose("train", [prepare(f"task.class_weights={{{weights}}}")])
    found = option("task", raw["task"]).class_weights
    assert found == {name: n for n, name in enumerate(NAMES, start=1)}


@pytest.mark.parametrize("name", ["01", "1e3", "1.0", "a b"])
def test_a_name_that_no_key_can_have_is_refused_with_what_to_type(call, name):
    outcome = call("train", "data=digits", f"task.class_weights.{name}=3")
    assert outcome.code == 2
    (word,) = shlex.split(outcome.error.partition("write ")[2])
    raw = compose("train", [prepare(word)])
    assert option("task", raw["task"]).class_weights == {name: 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs: 010\n", "010 is not accepted, YAML reads it as another number, line 2: write "),
        (
            "budget: {minutes: 1:30}\n",
            "1:30 is not accepted, YAML reads it as ",
        ),
        ("name: 0123\n", "or '0123' in quotes for text"),
        (
            "tags: [a, no]\n",
            "tags.1=False is not accepted; fix: give a string: in a YAML file",
        ),
        ("name: 12\n", "name=12 is not accepted; fix: give a string: in a YAML file in quotes"),
    ],
)
def test_a_value_that_yaml_reads_as_another_is_refused(call, fmtool, text, message):
    fmtool.write("mine/experiment/odd.yaml", f"# @package _global_\n{text}")
    outcome = call("train", "-cd", "mine", "experiment=odd", "data=digits")
    assert outcome.code == 2
    assert message in outcome.error


def test_a_folder_that_FMTOOL_CONF_names_must_be_there(call, monkeypatch):  # noqa: N802
    monkeypatch.setenv("FMTOOL_CONF", "gone")
    outcome = call("train", "epochs=1")
    assert outcome.code == 2
    assert outcome.error == (
        "error: FMTOOL_CONF: no folder 'gone'; fix: correct or unset the variable"
    )


def test_info_shows_where_the_users_options_come_from(call, fmtool):
    fmtool.write("fmtool_conf/model/thin.yaml", THIN)
    outcome = call("train", "model=thin", "--info", "searchpath")
    assert outcome.code == 0
    assert str(fmtool.folder / "fmtool_conf") in outcome.out


def test_information_leaves_no_file(fmtool):
    for flags in (["--cfg", "job"], ["--info"], ["--info", "defaults-tree"]):
        assert fmtool("train", *flags).code == 0
    assert fmtool.files() == set()


def test_json_errors_stand_in_for_information_too(call):
    outcome = call("train", "modle=cnn", "--cfg", "job", "--json")
    assert (outcome.code, json.loads(outcome.out)["exit_code"]) == (2, 2)


def test_a_folder_of_the_account_joins_and_gives_defaults_below_recipes_and_keys(shown, fmtool):
    """The folder is `$XDG_CONFIG_HOME/fmtool`."""
    folder = "../config/fmtool"
    fmtool.write(f"{folder}/model/thin.yaml", THIN)
    fmtool.write(
        f"{folder}/defaults/train.yaml",
        "# @package _global_\ndefaults:\n  - override /model: thin\n  - _self_\n"
        "epochs: 3\nbatch_size: 7\n",
    )
    config = shown("batch_size=9")
    assert (config["model"]["filters"], config["epochs"], config["batch_size"]) == ([4], 3, 9)
    assert shown("experiment=mnist_cnn")["batch_size"] != 7
    assert shown("model=mlp")["model"]["name"] == "mlp"
    assert shown("~defaults@_global_")["epochs"] == 10


def test_defaults_of_the_account_are_named_in_a_line(call, fmtool, monkeypatch):
    fmtool.write("../config/fmtool/defaults/train.yaml", "# @package _global_\nepochs: 3\n")
    outcome, request = started(call, monkeypatch, "data=digits")
    place = fmtool.folder.parent / "config/fmtool/defaults/train.yaml"
    assert outcome.err == f"defaults by {place}\nerror: enough; fix: none\n"
    assert request["extra"] == {"defaults": {"defaults": str(place)}}
    assert request["cfg"].epochs == 3


def test_defaults_of_the_account_run_no_code_either(call, fmtool):
    fmtool.write(
        "../config/fmtool/defaults/train.yaml",
        "# @package _global_\nhydra:\n  callbacks: {x: {_target_: os.mkdir, path: marker}}\n",
    )
    assert call("train", "data=digits").code == 77
    assert not (fmtool.folder / "marker").exists()


def started(call, monkeypatch, *argv):
    """How a training that ends at its start ends, its config and its request."""
    found = {}

    def train(cfg, request, **_):
        found.update(cfg=cfg, extra=request.extra)
        raise UsageError("enough", fix="none")

    monkeypatch.setattr("fmtool.training.workflow.train", train)
    return call("train", *argv), found


def test_keras_backend_is_the_default_of_the_backend(call, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    outcome, request = started(call, monkeypatch)
    assert outcome.err.splitlines()[0] == "runtime.backend=jax by KERAS_BACKEND"
    assert request["cfg"].runtime.backend == "jax"
    assert request["extra"] == {"defaults": {"runtime.backend=jax": "KERAS_BACKEND"}}


def test_the_config_that_is_shown_has_the_backend_of_keras_backend(shown, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert shown()["runtime"]["backend"] == "jax"
    assert shown("runtime.backend=torch")["runtime"]["backend"] == "torch"


@pytest.mark.parametrize(
    ("value", "words", "backend"),
    [
        ("jax", ["runtime.backend=tensorflow"], "tensorflow"),
        ("jax", ["runtime.backend=auto"], "auto"),
        ("jax", ["experiment=on_torch"], "torch"),
        ("tensorflow", [], "tensorflow"),
        ("", [], "tensorflow"),
    ],
)
def test_what_is_typed_or_chosen_by_a_recipe_wins_over_keras_backend(
    call, fmtool, monkeypatch, value, words, backend
):
    recipe = "# @package _global_\nruntime: {backend: torch}\n"
    fmtool.write("fmtool_conf/experiment/on_torch.yaml", recipe)
    monkeypatch.setenv("KERAS_BACKEND", value)
    outcome, request = started(call, monkeypatch, *words)
    assert outcome.error == "error: enough; fix: none"
    assert (request["cfg"].runtime.backend, request["extra"]) == (backend, {})


def test_a_keras_backend_that_cannot_train_is_named(call, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    outcome = call("train")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.error.startswith("error: KERAS_BACKEND=openvino: no backend that trains; fix: ")


def test_a_run_that_goes_on_keeps_its_backend(call, fmtool, monkeypatch):
    config = compose("train", ["data=digits"])
    fmtool.write("runs/2026_a/config.yaml", yaml.safe_dump(config))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    outcome, request = started(call, monkeypatch, "resume=2026_a")
    assert outcome.error == "error: enough; fix: none"
    assert request["cfg"].runtime.backend == "tensorflow"


def test_a_search_writes_keras_backend_down_for_its_workers(call, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    words = ("data=digits", "model=mlp", "model.dropout=0..0.5", "dry_run=true", "--json")
    assert "runtime.backend=torch" in json.dumps(call("tune", *words).json)
