"""The precision that a measurement and the layers of a network come to."""

import pytest

from fmtool.machine.flops import LayerFlops
from fmtool.machine.measurement import Seconds, Steps
from fmtool.machine.precision import faster, predicted_seconds
from fmtool.machine.probes import CONVOLUTION, DENSE, SMALL

CNN = [
    LayerFlops("convolution", 1_769_472),
    LayerFlops("convolution", 9_437_184),
    LayerFlops("dense", 1_048_576),
    LayerFlops("dense", 2_560),
]
MLP = [LayerFlops("dense", 401_408), LayerFlops("dense", 65_536), LayerFlops("dense", 2_560)]
MEASURED = {
    "tensorflow": ((0.0277, 0.0166), (0.0330, 0.0184), (0.00094, 0.00090)),
    "jax": ((0.0269, 0.0304), (0.0282, 0.0340), (0.00059, 0.00096)),
    "torch": ((0.0318, 0.0174), (0.0555, 0.0260), (0.00235, 0.00242)),
}
"""Seconds in float32 and bfloat16 on two Zen 4 cores: convolutions, wide dense layers, small."""


def steps(convolution, dense, small):
    pairs = (Seconds(float32=full, bfloat16=half) for full, half in (convolution, dense, small))
    return Steps(**dict(zip(("convolution", "dense", "small"), pairs, strict=True)))


@pytest.mark.parametrize(
    ("backend", "network", "batch_size", "expected"),
    [
        ("tensorflow", CNN, 64, "bfloat16"),
        ("tensorflow", MLP, 32, "float32"),
        ("tensorflow", MLP, 512, "bfloat16"),
        ("torch", CNN, 64, "bfloat16"),
        ("torch", MLP, 32, "float32"),
        ("torch", MLP, 512, "bfloat16"),
        ("jax", CNN, 512, "float32"),
        ("jax", MLP, 512, "float32"),
    ],
)
def test_the_precision_follows_backend_network_and_batch(backend, network, batch_size, expected):
    assert faster(steps(*MEASURED[backend]), network, batch_size) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.91, "float32"), (0.89, "bfloat16")])
def test_bfloat16_has_to_save_a_tenth(share, expected):
    measured = steps(*[(1.0, share)] * 3)
    assert faster(measured, CNN, 64) == expected


def test_a_network_of_other_layers_stays_in_float32():
    assert faster(steps(*[(1.0, 0.1)] * 3), [], 64) == "float32"


@pytest.mark.parametrize(
    ("probe", "kind", "seconds"),
    [(CONVOLUTION, "convolution", 0.0277), (DENSE, "dense", 0.0330), (SMALL, "dense", 0.00094)],
)
def test_the_prediction_for_a_probe_is_what_was_measured(probe, kind, seconds):
    # A step of the first layer is two passes, of others three: the probes count them all.
    whole = LayerFlops(kind, probe.step_flops / 3 / probe.input_shape[0])
    none = LayerFlops(kind, 0)
    calls = [*[none] * (len(probe.layers) - 1), whole]
    predicted = predicted_seconds(
        steps(*MEASURED["tensorflow"]), "float32", calls, probe.input_shape[0]
    )
    assert predicted == pytest.approx(seconds)
