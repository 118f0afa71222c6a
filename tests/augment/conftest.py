"""A pipeline as the training step of this backend runs it, and real pictures to run it on."""

from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from small_tasks import one_hot

from fmtool.augment.stages import pipeline
from fmtool.elements import Pixels


def compiled(function):
    """For batches of any size."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, reduce_retracing=True)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


@pytest.fixture
def on_arrays():
    """A function of tensors as one of arrays."""

    def convert(function):
        function = compiled(function)

        def call(*arrays):
            output = function(*(keras.ops.convert_to_tensor(array) for array in arrays))
            if isinstance(output, tuple):
                return tuple(keras.ops.convert_to_numpy(each) for each in output)
            return keras.ops.convert_to_numpy(output)

        return call

    return convert


@pytest.fixture
def applied(on_arrays):
    """The images and labels that the pipeline of a config makes of a batch."""

    def apply(cfg, images, labels, uniforms, *, pixel_max=255):
        built = pipeline.build(cfg, Pixels(images.shape[1:], pixel_max), one_hot(10))
        assert uniforms.shape == (len(images), built.draws)
        return on_arrays(built.apply)(images, labels, uniforms)

    return apply


@pytest.fixture
def batch():
    """Random images, labels and uniforms: (count, height, width, channels), (count,), ..."""

    def draw(cfg, count, shape, *, seed=0, pixel_max=255):
        built = pipeline.build(cfg, Pixels(shape, pixel_max), one_hot(10))
        rng = np.random.default_rng(seed)
        return (
            rng.integers(0, pixel_max + 1, (count, *shape), dtype=np.uint8),
            rng.integers(0, 10, count, dtype=np.int32),
            rng.random((count, built.draws), dtype=np.float32),
        )

    return draw


@pytest.fixture(scope="session")
def photographs():
    """uint8 (8, 32, 32, 3): pieces of the two photographs that come with scikit-learn."""
    folder = Path(find_spec("sklearn").origin).parent / "datasets" / "images"
    pieces = []
    for name in ("china.jpg", "flower.jpg"):
        with Image.open(folder / name) as picture:
            pixels = np.asarray(picture.resize((160, 107)))
        pieces += [pixels[top : top + 32, left : left + 32] for top in (9, 60) for left in (8, 90)]
    return np.stack(pieces)
