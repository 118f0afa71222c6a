"""Test-time augmentation against plain predictions of views that NumPy makes."""

import json

import numpy as np
import pytest

from fmtool.errors import UsageError
from fmtool.evaluation import views

PREDICTIONS = """
import json
import sys
from pathlib import Path

import keras
import numpy as np
from fmtool.evaluation import views
from fmtool.evaluation.measure import predict

keras.utils.set_random_seed(0)
folder, rng = Path(sys.argv[1]), np.random.default_rng(0)

for name, shape, precision, ttas in json.loads(sys.argv[2]):
    keras.config.set_dtype_policy(precision)
    pixels = keras.Input(shape, dtype="uint8")
    x = keras.ops.cast(pixels, "float32") / 255.0
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, activation="relu", padding="same")(x))
    model = keras.Model(pixels, keras.layers.Dense(3, dtype="float32")(x))
    images = rng.integers(0, 256, (11, *shape), dtype=np.uint8)
    height, width, _ = shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    shifted = {by: padded[:, 1 - by :, 1 - by :][:, :height, :width] for by in (-1, 0, 1)}
    plain = {
        f"{by}{mirror}": keras.ops.convert_to_numpy(
            model(view[:, :, ::-1].copy() if mirror else view.copy())
        )
        for by, view in shifted.items() for mirror in ("", "m")
    }
    averaged = {
        tta: np.concatenate([*predict(views.averaging(model, tta), images, batch_size=4)])
        for tta in ttas
    }
    np.savez(folder / f"{name}.npz", **plain, **averaged)
"""

CASES = {
    "grey": ([2, 2, 1], "float32", ["flip_translate"]),
    "wide": ([5, 7, 3], "float32", ["none", "flip", "flip_translate"]),
    "bfloat16": ([8, 8, 1], "mixed_bfloat16", ["flip_translate"]),
}
EXACT = {"rtol": 1e-5, "atol": 1e-5}


def reference(found, tta):
    """As in the paper: mirror averages, half of the weight on the one in the centre."""
    centre, lower, upper = (
        (found[by].astype(np.float64) + found[f"{by}m"]) / 2 for by in ("0", "1", "-1")
    )
    return centre if tta == "flip" else centre / 2 + (lower + upper) / 4


@pytest.fixture(scope="module", params=["tensorflow", "jax", "torch"])
def predictions(request, tmp_path_factory, session_command):
    """Logits of each case by view, and as they are averaged."""
    command = session_command(tmp_path_factory.mktemp("views"))
    cases = [(name, *case) for name, case in CASES.items()]
    outcome = command.forked_python(
        request.param, PREDICTIONS, str(command.folder), json.dumps(cases)
    )
    assert outcome.code == 0, outcome.err
    return {name: np.load(command.folder / f"{name}.npz") for name in CASES}


@pytest.mark.parametrize(
    ("case", "tta"), [("grey", "flip_translate"), ("wide", "flip"), ("wide", "flip_translate")]
)
def test_logits_are_the_weighted_mean_of_those_of_the_views(predictions, case, tta):
    found = predictions[case]
    np.testing.assert_allclose(found[tta], reference(found, tta), **EXACT)
    assert not np.allclose(found[tta], found["0"], **EXACT)


def test_without_augmentation_logits_are_those_of_the_network(predictions):
    np.testing.assert_allclose(predictions["wide"]["none"], predictions["wide"]["0"], **EXACT)


def test_a_network_in_bfloat16_is_averaged_in_float32(predictions):
    found = predictions["bfloat16"]
    assert found["flip_translate"].dtype == np.float32
    np.testing.assert_allclose(
        found["flip_translate"], reference(found, "flip_translate"), rtol=0, atol=0.02
    )


@pytest.mark.parametrize("shape", [(1, 8, 1), (8, 1, 3)])
def test_images_of_one_pixel_cannot_be_shifted(shape):
    with pytest.raises(UsageError) as error:
        views.require_possible("flip_translate", shape)
    assert str(error.value) == (
        f"tta=flip_translate: images of {shape[0]}x{shape[1]} pixels cannot be shifted; "
        "fix: choose tta=flip or tta=none"
    )


@pytest.mark.parametrize("tta", ["none", "flip"])
def test_images_of_one_pixel_can_be_mirrored(tta):
    views.require_possible(tta, (1, 1, 1))
