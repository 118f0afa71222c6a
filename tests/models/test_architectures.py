"""The architectures of the field against the numbers of weights that were published for them."""

import math
import re
from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest
from small_models import SMALL, classifier

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.evaluation.measure import load_model
from fmtool.matching import readable_kinds

CIFAR, IMAGENET, GREY = (32, 32, 3), (224, 224, 3), (28, 28, 1)

PUBLISHED = [
    # bearpaw's AlexNet for CIFAR: 2.47 million
    ("alexnet", CIFAR, 10, {}, 2_472_266),
    # Simonyan & Zisserman: the convolutions of VGG-16, and ten logits
    ("vgg", CIFAR, 10, {"normalization": "none", "dense_units": []}, 14_714_688 + 5_130),
    # He et al.: 0.27 and 0.46 million; 0.66, 0.85 and 1.7 below
    ("resnet", CIFAR, 10, {"depth": 20}, 269_722),
    ("resnet", CIFAR, 10, {"depth": 32}, 464_154),
    # kuangliu's ResNet-18 for CIFAR: 11.2 million
    ("resnet", CIFAR, 10, {"depth": 18}, 11_173_962),
    # Szegedy et al. 2015 in Caffe, without the auxiliary classifiers
    ("inception", IMAGENET, 1000, {"normalization": "none"}, 6_998_552),
    # Huang et al.: DenseNet-BC-100-12 has 0.77 million, DenseNet-121 8.0
    ("densenet", CIFAR, 10, {}, 769_162),
    ("densenet", IMAGENET, 1000, {"layers_per_block": [6, 12, 24, 16], "growth_rate": 32},
     7_978_856),
    # Trockman & Kolter: ConvMixer-256/8 with patches of 2 and kernels of 5, 0.59 million
    ("convmixer", CIFAR, 10, {}, 594_186),
    # Hassani et al.: CCT-7/3x1 has 3.76 million, without biases in its attention
    ("cct", CIFAR, 10, {}, 3_760_139 + 7 * 4 * 256 - 7 * 256),
]  # fmt: skip
LARGE = [
    # Deeper ones by the rule of the shallow ones
    ("resnet", CIFAR, 10, {"depth": 44}, 658_586),
    ("resnet", CIFAR, 10, {"depth": 56}, 853_018),
    ("resnet", CIFAR, 10, {"depth": 110}, 1_727_962),
    # Krizhevsky et al., without the two groups that the paper needed for its GPUs
    ("alexnet", (227, 227, 3), 1000,
     {"filters": [96, 256, 384, 384, 256], "dense_units": [4096, 4096]}, 62_378_344),
    ("resnet", IMAGENET, 1000, {"depth": 50}, 25_557_032),
    # Zagoruyko & Komodakis: WRN-28-10 has 36.5 million
    ("resnet", CIFAR, 10, {"depth": 28, "widening": 10, "preactivation": True}, 36_479_194),
    # Inception-v3 as in keras.applications, where 34,432 of 23,851,784 are statistics
    ("inception", (299, 299, 3), 1000, {"version": 3}, 23_817_352),
    ("convmixer", IMAGENET, 1000,
     {"width": 1536, "depth": 20, "kernel_size": 9, "patch_size": 7}, 51_625_960),
    # Dosovitskiy et al.: ViT-B/16 has 86.6 million
    ("vit", IMAGENET, 1000,
     {"patch_size": 16, "width": 768, "depth": 12, "mlp_ratio": 4.0}, 86_567_656),
]  # fmt: skip


OF_IMAGES = [name for name in SMALL if "image" in readable_kinds(name)]


def build(name, shape, classes=10, **keys):
    values = compose("train", [f"model={name}"])["model"] | keys
    cfg = validate.option("model", values)
    return classifier(cfg, Pixels(shape), classes)


def trained_weights(model):
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


@pytest.mark.parametrize(
    ("name", "shape", "classes", "keys", "count"),
    [*PUBLISHED, *(pytest.param(*case, marks=pytest.mark.slow) for case in LARGE)],
)
def test_the_trained_weights_are_as_many_as_published(name, shape, classes, keys, count):
    assert trained_weights(build(name, shape, classes, **keys)) == count


# A step in a graph. test_conf_trains.py has one of each model, without a graph, among the quick.
@pytest.mark.slow
@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_step_changes_weights_and_the_saved_model_gives_the_same_logits(name, tmp_path):
    model = build(name, GREY, **SMALL[name])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss)
    rng = np.random.default_rng(0)
    images = rng.random((8, *GREY), dtype=np.float32)
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(model.train_on_batch(images, rng.integers(0, 10, 8)))
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert any(changed)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    logits = keras.ops.convert_to_numpy(model(images, training=False))
    assert (logits.shape, logits.dtype) == ((8, 10), np.float32)
    assert np.array_equal(keras.ops.convert_to_numpy(again(images, training=False)), logits)


@pytest.mark.parametrize("name", OF_IMAGES)
@pytest.mark.parametrize("shape", [CIFAR, (45, 33, 3)])
def test_colour_images_of_other_sizes_fit(name, shape):
    model = build(name, shape, 3, **SMALL[name])
    assert model.output_shape == (None, 3)


@pytest.mark.parametrize(
    ("keys", "blocks"),
    [
        ({"depth": 20}, 9), ({"depth": 28, "preactivation": True}, 12), ({"depth": 18}, 8),
    ],
)  # fmt: skip
def test_a_resnet_has_the_blocks_of_its_depth(keys, blocks):
    model = build("resnet", CIFAR, **keys)
    assert sum(isinstance(layer, keras.layers.Add) for layer in model.layers) == blocks


def test_a_shortcut_by_padding_has_no_weights():
    padded, projected = (build("resnet", CIFAR, shortcut=kind) for kind in ("pad", "project"))
    projections = (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)
    assert trained_weights(projected) - trained_weights(padded) == projections


def test_branches_are_dropped_more_often_the_deeper_they_are():
    model = build("resnet", CIFAR, stochastic_depth=0.9)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == pytest.approx([0.1 * number for number in range(1, 10)])


def test_a_dropped_branch_leaves_whole_samples_as_they_were():
    from fmtool.models.layers import blocks

    inputs = keras.Input((2, 2, 3))
    model = keras.Model(inputs, blocks.stochastic_depth(inputs, 0.5))
    kept = keras.ops.convert_to_numpy(model(np.ones((64, 2, 2, 3), np.float32), training=True))
    of_samples = {tuple(np.unique(sample)) for sample in kept}
    assert of_samples == {(0.0,), (2.0,)}


def test_the_large_stem_quarters_an_image_before_the_first_block():
    shapes = {
        stem: next(
            layer.output.shape[1:3]
            for layer in build("resnet", (64, 64, 3), stem=stem).layers
            if isinstance(layer, keras.layers.Add)
        )
        for stem in ("auto", "small", "large")
    }
    assert shapes == {"auto": (64, 64), "small": (64, 64), "large": (16, 16)}


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("resnet", {"depth": 21}, "model.depth: no ResNet has 21 layers"),
        ("vit", {"patch_size": 64}, "model.patch_size=64 is more than the 32x32 pixels"),
        ("convmixer", {"patch_size": 33}, "model.patch_size=33 is more than"),
        ("vit", {"width": 100}, "model: width=100 is no multiple of heads=12"),
        ("cct", {"heads": 3}, "model: width=256 is no multiple of heads=3"),
        ("application", {"family": "Xception"}, "Xception needs images of 71 pixels a side"),
    ],
)
def test_what_does_not_fit_is_a_mistake_of_the_user(name, keys, message):
    with pytest.raises(UsageError, match=message):
        build(name, CIFAR, **keys)


def test_other_channels_than_grey_and_colour_are_not_for_applications():
    with pytest.raises(UsageError, match="takes grey or colour images, not 2 channels"):
        build("application", (32, 32, 2))


def test_the_page_of_models_names_them_all():
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(registry.names("model"))


def test_every_network_of_keras_is_an_application():
    families = set(get_args(registry.module("model", "application").Family))
    assert families == {name for name, value in vars(keras.applications).items() if callable(value)}


@pytest.mark.slow
@pytest.mark.parametrize(
    "family",
    [
        "ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2",
        "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "NASNetMobile", "ResNet50",
        "ResNet50V2", "VGG16", "Xception",
    ],
)  # fmt: skip
def test_a_family_loads_as_it_was_saved(family, tmp_path):
    model = build("application", CIFAR, family=family, size=75)
    model.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (2, *CIFAR)).astype(np.float32)
    again = load_model(tmp_path / "model.keras")(pixels, training=False)
    logits = keras.ops.convert_to_numpy(model(pixels, training=False))
    assert np.array_equal(keras.ops.convert_to_numpy(again), logits)
