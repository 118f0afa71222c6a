"""A model, an augmentation or a view that is not for the samples is refused in one line."""

import pytest

from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.matching import readable_kinds, require_matching
from fmtool.validate import train_config


def refused(kind, *words):
    with pytest.raises(UsageError) as error:
        require_matching(train_config(compose("train", list(words))), kind)
    return str(error.value)


def test_a_convolutional_network_reads_images_and_the_mlp_numbers_too():
    assert readable_kinds("vgg") == ("image",)
    assert readable_kinds("mlp") == ("image", "features")


def test_models_of_sequences_read_everything_and_a_bag_of_words_texts_alone():
    for name in ("rnn", "tcn", "text_cnn", "transformer"):
        assert readable_kinds(name) == ("text", "image", "features")
    assert readable_kinds("bag") == ("text",)


def test_a_model_that_cannot_read_the_samples_is_refused_with_those_that_can():
    said = refused("features", "model=cnn", "data=digits")
    assert said.startswith("model=cnn reads images, but data=digits holds rows of numbers; fix: ")
    assert "mlp" in said


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["augment=flip_crop"], "augment=flip_crop"),
        (["augment.mixup=0.2"], "augment=none with these keys"),
        (["tta=flip"], "tta=flip is for images"),
    ],
)
def test_what_changes_images_is_refused_for_other_samples(words, key):
    assert key in refused("features", "model=mlp", *words)


def test_images_may_be_augmented():
    require_matching(train_config(compose("train", ["augment=flip_crop", "tta=flip"])), "image")
