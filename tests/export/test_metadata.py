"""What a file says of itself."""

from dataclasses import replace

import pytest
from label_outputs import declared

from fmtool.elements import Features, Pixels, Tokens
from fmtool.errors import DataError
from fmtool.export.metadata import Metadata, input_of
from fmtool.targets import Label

METADATA = Metadata(
    model="cnn",
    data="cifar10",
    run="2026-01-01_000000_cnn_cifar10_abc",
    fmtool="0.1.0",
    manifest_digest="ab" * 32,
    quantization="none",
    input=input_of(Pixels((32, 32, 3)), any_size=False, batch=None),
    trained_shape=(32, 32, 3),
    outputs=declared(("probabilities", "label"), ("cat", "dög")),
    target=Label(("cat", "dög")),
)


def test_what_is_written_is_read_again():
    changed = replace(METADATA, input=replace(METADATA.input, batch=4, shape=(None, None, 3)))
    for each in (METADATA, changed):
        assert Metadata.from_json(each.to_json(), origin="x.onnx") == each


@pytest.mark.parametrize("levels", [None, "upper", [0, 4095], [0.5, 2.5]])
def test_levels_of_deep_pictures_are_read_again(levels):
    about = replace(METADATA, preprocessing={"background": "black", "levels": levels})
    found = Metadata.from_json(about.to_json(), origin="x.onnx").preprocessing
    assert found == {"background": "black", "levels": levels}


@pytest.mark.parametrize(
    "said",
    [{"background": "green"}, {"levels": [5, 5]}, {"levels": [1]}, {"levels": "lower"},
     {"levels": ["a", "b"]}],
)  # fmt: skip
def test_levels_and_backgrounds_that_cannot_be_are_bad_data(said):
    text = replace(METADATA, preprocessing=said).to_json()
    (field,) = said
    with pytest.raises(DataError, match=f"preprocessing.{field}"):
        Metadata.from_json(text, origin="x.onnx")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"input": {}}', '{"input": {"shape": [1]}}'])
def test_what_fmtool_did_not_write_is_bad_data(text):
    with pytest.raises(
        DataError, match=r"^x\.onnx does not say what it reads and gives(: .+)?; fix: "
    ):
        Metadata.from_json(text, origin="x.onnx")


def test_the_input_is_named_and_typed_by_what_a_sample_is():
    tokens = input_of(Tokens((20,), vocabulary=99), any_size=False, batch=2)
    assert (tokens.name, tokens.dtype, tokens.shape, tokens.batch) == ("tokens", "int32", (20,), 2)
    numbers = input_of(Features((4,)), any_size=False, batch=None)
    assert (numbers.name, numbers.dtype, numbers.maximum) == ("features", "float32", None)
    pixels = input_of(Pixels((8, 8, 1), maximum=16), any_size=True, batch=None)
    assert (pixels.name, pixels.shape, pixels.maximum) == ("pixels", (None, None, 1), 16)
