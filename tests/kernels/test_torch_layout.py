"""Convolutions on torch without the copies of Keras give the same bits."""

import pytest

SCRIPT = """
import json, os, sys
os.environ["KERAS_BACKEND"] = "torch"
sys.modules["tensorflow"] = None
import keras, torch
from keras.src.backend.torch import nn
from fmtool.kernels import torch_layout

torch.manual_seed(0)
layers = keras.layers
cases = {
    "convolution": (layers.Conv2D(8, 3, padding="same"), (4, 9, 9, 3)),
    "strided": (layers.Conv2D(8, 3, strides=2, padding="same"), (4, 9, 9, 3)),
    "depthwise": (layers.DepthwiseConv2D(3, padding="same"), (4, 9, 9, 8)),
    "transposed": (layers.Conv2DTranspose(8, 3, 2, padding="same"), (4, 9, 9, 8)),
    "one dimension": (layers.Conv1D(8, 3, padding="causal"), (4, 9, 3)),
    "three dimensions": (layers.Conv3D(4, 3, padding="same"), (2, 5, 5, 5, 3)),
    "max": (layers.MaxPooling2D(3, 2, padding="same"), (4, 9, 9, 8)),
    "average": (layers.AveragePooling2D(3, 2, padding="same"), (4, 9, 9, 8)),
}
inputs = {name: torch.rand(*shape, requires_grad=True) for name, (_, shape) in cases.items()}

def results():
    found = {}
    for name, (layer, _) in cases.items():
        outputs = layer(inputs[name])
        weights = torch.arange(outputs.numel()).reshape(outputs.shape)
        (gradient,) = torch.autograd.grad((outputs * weights).sum(), inputs[name])
        found[name] = outputs.detach().numpy().copy(), gradient.numpy().copy()
    return found

before = results()
original = nn._transpose_spatial_inputs
torch_layout.avoid_copies()
after = results()
equal = {
    name: all((a == b).all() for a, b in zip(before[name], after[name])) for name in cases
}
channels_last = torch.rand(2, 8, 8, 3)
print(json.dumps({
    "equal": equal,
    "copied": original(channels_last).data_ptr() != channels_last.data_ptr(),
    "copies": nn._transpose_spatial_inputs(channels_last).data_ptr() != channels_last.data_ptr(),
}))
"""


@pytest.fixture(scope="module")
def found(told_by):
    return told_by(SCRIPT)


def test_outputs_and_gradients_are_equal_to_the_bit(found):
    assert set(found["equal"].values()) == {True}
    assert len(found["equal"]) == 8


def test_a_channels_last_image_is_not_copied_any_more(found):
    assert (found["copied"], found["copies"]) == (True, False)
