"""A batch comes out the same on TensorFlow, JAX and torch, every pixel of it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.validate import train_config

CASES = {
    "flips, crops, erasing, cutout": [
        "augment=flip_crop", "augment.erasing=0.5", "augment.cutout=3",
        "augment.horizontal_flip=alternating",
    ],
    "mixup": ["augment=none", "augment.mixup=0.2"],
    "mixup and CutMix": ["augment=none", "augment.mixup=0.8", "augment.cutmix=1.0"],
    "RandAugment": ["augment=randaugment", "augment.padding_mode=zeros"],
    "TrivialAugment": ["augment=trivialaugment", "augment.cutout=2", "augment.cutmix=0.5"],
}  # fmt: skip
SHAPES = {(12, 9, 3): 255, (8, 8, 1): 16}


def outputs():
    """{case and shape: array} on the backend of this process."""
    import keras

    from fmtool.augment.stages import pipeline

    def one_hot(labels):
        return keras.ops.one_hot(labels, 10, dtype="float32")

    found = {}
    for name, overrides in CASES.items():
        cfg = train_config(compose("train", overrides)).augment
        for shape, pixel_max in SHAPES.items():
            built = pipeline.build(cfg, Pixels(shape, pixel_max), one_hot)
            rng = np.random.default_rng(len(name))
            batch = (
                rng.integers(0, pixel_max + 1, (60, *shape), dtype=np.uint8),
                rng.integers(0, 10, 60, dtype=np.int32),
                rng.random((60, built.draws), dtype=np.float32),
            )
            result = built.apply(*(keras.ops.convert_to_tensor(each) for each in batch))
            for part, value in zip(("images", "labels"), result, strict=True):
                found[f"{name}, {shape}, {part}"] = keras.ops.convert_to_numpy(value)
    return found


@pytest.fixture(scope="module")
def on_this_backend():
    return outputs()


@pytest.mark.skipif(
    os.environ.get("FMTOOL_TEST_BACKEND", "tensorflow") != "tensorflow",
    reason="the run on TensorFlow compares them all",
)
@pytest.mark.parametrize("backend", [pytest.param("jax", marks=pytest.mark.slow), "torch"])
def test_batches_are_equal_on(backend, on_this_backend, tmp_path):
    pytest.importorskip(backend)
    environment = os.environ | {"KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, __file__, str(tmp_path / "found.npz")]
    subprocess.run(command, env=environment, check=True, timeout=120)
    with np.load(tmp_path / "found.npz") as found:
        assert set(found) == set(on_this_backend)
        for name, expected in on_this_backend.items():
            assert found[name].dtype == expected.dtype
            # Pixels to the bit; a weight of a label may be divided by an area in another way.
            tolerance = 1e-7 if expected.dtype == np.float32 else 0
            np.testing.assert_allclose(found[name], expected, 0, tolerance, err_msg=name)


def test_the_cases_change_images(on_this_backend):
    digests = {array.tobytes() for name, array in on_this_backend.items() if "images" in name}
    assert len(digests) == len(CASES) * len(SHAPES)


if __name__ == "__main__":
    np.savez(Path(sys.argv[1]), **outputs())
