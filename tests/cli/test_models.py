"""`fmtool models`: what there is, and what one of them is made of."""

import pytest

from fmtool import registry

OWN = '''
"""A model of the user's own: one dense layer.

It has a second paragraph.
"""
from typing import Literal
from fmtool.models.base import ModelConfig

class Config(ModelConfig):
    name: Literal["own_net"]

def build(cfg, element, wanted):
    raise NotImplementedError
'''


def test_every_model_is_listed_with_a_line_on_what_it_is(call):
    listed = call("models", "--json").json["models"]
    assert [row["name"] for row in listed] == registry.names("model")
    assert all(row["description"] for row in listed)
    inputs = {row["name"]: row["input"] for row in listed}
    assert (inputs["vgg"], inputs["bag"]) == (["image"], ["text"])
    sides = {row["name"]: row["smallest_image"] for row in listed}
    assert (sides["vgg"], sides["application"], sides["bag"]) == (28, 32, None)
    table = call("models").out
    assert all(f" {row['name']} " in table for row in listed)


def test_a_plugin_is_listed_too(fmtool):
    fmtool.write("own_net.py", OWN)
    outcome = fmtool("models", "--plugin", "own_net.py")
    # The table may break it between words.
    assert "A model of the user's own: one dense layer" in " ".join(outcome.out.split())
    assert "second paragraph" not in outcome.out


def test_a_description_counts_layers_weights_and_operations(fmtool):
    outcome = fmtool("models", "mlp", "units=[8]", "shape=4x4x1", "classes=3", "--json")
    found = outcome.json
    assert found["parameters"] == found["trained_parameters"] == 16 * 8 + 8 + 8 * 3 + 3
    assert found["weights_bytes"] == 4 * found["parameters"]
    assert found["flops"] == 2 * (16 * 8 + 8 * 3)
    assert found["activation_bytes"] == 4 * (16 + 8 + 8 + 3)
    dense = [layer for layer in found["layers"] if layer["kind"] == "Dense"]
    assert [(each["output_shape"], each["parameters"], each["flops"]) for each in dense] == [
        ([8], 136, 2 * 16 * 8),
        ([3], 27, 2 * 8 * 3),
    ]


def test_a_model_is_described_for_texts_and_for_series(fmtool):
    text = fmtool("models", "bag", "shape=12", "vocabulary=30", "embedding_dim=4", "--json").json
    assert (text["input"], text["parameters"]) == ("texts of 12 tokens", 30 * 4 + 4 * 10 + 10)
    series = fmtool("models", "rnn", "shape=7x3", "cell=simple", "units=5", "--json").json
    assert (series["input_shape"], series["flops"]) == ([7, 3], 2 * 7 * (3 + 5) * 5 + 2 * 5 * 10)


def test_statistics_are_weights_that_are_not_trained(fmtool):
    outcome = fmtool("models", "resnet", "depth=20")
    assert outcome.code == 0, outcome.err
    assert "271,098, 269,722 of them trained" in outcome.out
    assert "global_average_pooling2d" in outcome.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["resnte"], "model=resnte: no such model; fix: did you mean 'resnet'?"),
        (["resnet", "vgg"], "models: unexpected 'vgg'; fix: fmtool models --help"),
        (["depth=20"], "models: unexpected 'depth=20'; fix: fmtool models --help"),
        (["resnet", "depht=20"], "unknown key 'model.depht'; fix: did you mean 'model.depth'?"),
        (["resnet", "shape=0x3x3"], "shape=0x3x3 is not accepted; fix: give HEIGHTxWIDTHxCHANNELS"),
        (["resnet", "shape=32x32"], "model=resnet reads images, not rows of numbers; fix: give "),
        (["bag", "shape=8x8x1"], "model=bag reads texts, not images; fix: give shape=LENGTH voc"),
        (["bag", "shape=8x8x1", "vocabulary=9"], "shape=8x8x1 is not that of a text"),
        (["bag", "vocabulary=1"], "vocabulary=1 is not accepted; fix: give a whole number from 2"),
        (["resnet", "classes=1"], "classes=1 is not accepted; fix: give a whole number from 2 on"),
    ],
)
def test_a_mistake_is_one_line(call, words, message):
    outcome = call("models", *words)
    assert outcome.code == 2
    assert message in outcome.error
