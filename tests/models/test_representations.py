"""Each model gives what it says it gives, and nothing else."""

import keras
import pytest
from small_models import SMALL

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels, Tokens
from fmtool.matching import readable_kinds

RANKS = {"vector": 2, "sequence": 3, "map": 4}
TEXT, IMAGE = Tokens((9,), 30), Pixels((32, 40, 3))


def build(name, wanted, element=None, **keys):
    cfg = validate.option("model", compose("train", [f"model={name}"])["model"] | keys)
    element = element or (IMAGE if "image" in readable_kinds(name) else TEXT)
    return registry.module("model", name).build(cfg, element, wanted)


CASES = [(name, wanted) for name in SMALL for wanted in registry.module("model", name).GIVES]


@pytest.mark.parametrize(("name", "wanted"), CASES)
def test_a_representation_has_its_axes(name, wanted):
    (output,) = build(name, wanted, **SMALL[name]).outputs
    assert len(output.shape) == RANKS[wanted]
    assert all(output.shape[1:])


def test_every_model_gives_a_vector():
    assert {name for name, wanted in CASES if wanted == "vector"} == set(SMALL)


@pytest.mark.parametrize(
    ("name", "wanted", "element", "shape"),
    [
        ("cnn", "map", IMAGE, (None, 16, 20, 4)),
        ("airbench", "map", IMAGE, (None, 7, 9, 4)),
        ("resnet", "map", IMAGE, (None, 8, 10, 64)),
        ("vit", "sequence", Pixels((32, 32, 3)), (None, 64, 8)),
        ("transformer", "sequence", TEXT, (None, 9, 8)),
        ("tcn", "sequence", TEXT, (None, 9, 4)),
        ("rnn", "sequence", TEXT, (None, 9, 8)),
    ],
)
def test_a_place_or_step_of_a_sample_has_a_vector_of_its_own(name, wanted, element, shape):
    # A class token would be a step that no part of the sample has.
    others = {"transformer": {"pooling": "cls"}, "vit": {"pooling": "token"}}
    keys = SMALL[name] | others.get(name, {}) | ({"bidirectional": True} if name == "rnn" else {})
    assert build(name, wanted, element, **keys).output_shape == shape


def test_what_the_wanted_one_does_not_need_is_not_there():
    kinds = {type(each) for each in build("cnn", "map", **SMALL["cnn"]).layers}
    assert not kinds & {keras.layers.Dense, keras.layers.Flatten, keras.layers.Dropout}
    assert keras.layers.Embedding not in {
        type(each)
        for each in build("transformer", "sequence", pooling="cls", positions="rotary").layers
    }
