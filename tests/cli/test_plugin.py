"""A model of the user's own: one Python file and one YAML file outside the repository.

It has the form of earlier releases; that of today is tried by tests/test_examples.py.
"""

import json

import pytest

MODEL = '''
"""One dense layer."""
from typing import Literal
from fmtool.models.base import ModelConfig

class Config(ModelConfig):
    name: Literal["mynet"]
    scale: float

def build(cfg, image, num_classes):
    import keras
    inputs = keras.Input(image.shape)
    x = keras.layers.Flatten()(inputs) * cfg.scale
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))
'''


@pytest.fixture(scope="module")
def mynet(tmp_path_factory, session_command):
    command = session_command(tmp_path_factory.mktemp("plugin"))
    command.write("code/mynet.py", MODEL)
    command.write("yaml/model/mynet.yaml", "name: mynet\nscale: 0.5\n")
    outcome = command(
        "train", "--plugin", "code/mynet.py", "-cd", "yaml", "model=mynet", "model.scale=0.25",
        "epochs=1", "logging=quiet", "--json",
    )  # fmt: skip
    return command, outcome


def test_it_trains(mynet):
    command, outcome = mynet
    assert outcome.code == 0, outcome.err
    assert command.runs[0].name.endswith(outcome.json["run"][-6:])
    assert "_mynet_digits_" in outcome.json["run"]


def test_a_line_names_the_form_of_today(mynet):
    _, outcome = mynet
    assert outcome.err.count("model=mynet: its build takes the number of classes") == 1
    assert "the new form is build(cfg, element, wanted)" in outcome.err


def test_the_manifest_names_the_plugin(mynet):
    command, _ = mynet
    manifest = json.loads((command.runs[0] / "manifest.json").read_text())
    assert "mynet.py" in json.dumps(manifest["plugins"])


def test_it_evaluates_to_the_same_report_in_a_table(mynet):
    command, outcome = mynet
    evaluated = command("evaluate", "run=last", "gate.min.accuracy=0")
    assert evaluated.code == 0, evaluated.err
    assert f"{outcome.json['metrics']['accuracy']:.4f}" in evaluated.out
    assert "quality gate" in evaluated.out


def test_its_keys_are_validated_like_any_other(mynet):
    command, _ = mynet
    outcome = command(
        "train", "--plugin", "code/mynet.py", "-cd", "yaml", "model=mynet", "model.scale=x"
    )
    assert outcome.code == 2
    assert outcome.error == "error: model.scale=x is not accepted; fix: give a number"


def test_without_the_plugin_its_yaml_names_nothing(mynet):
    command, _ = mynet
    outcome = command("train", "-cd", "yaml", "model=mynet")
    assert outcome.code == 2
    assert "model.name: no model is called 'mynet'" in outcome.error
    assert "pass --plugin FILE.py" in outcome.error
