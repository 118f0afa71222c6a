"""A model, an augmentation or a view that is not for the samples is refused in one line."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from fmtool import matching, options, registry, validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.matching import (
    readable_kinds,
    require_fit,
    require_learned,
    require_matching,
    require_representation,
    smallest_image,
    tasks_that_learn,
)
from fmtool.models.base import ModelConfig
from fmtool.targets import Label
from fmtool.tasks import classification
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


def test_a_target_that_the_task_does_not_learn_is_refused_with_the_tasks_that_do(monkeypatch):
    cfg = train_config(compose("train", ["model=mlp", "data=arrays", "data.path=x.npz"]))
    require_learned(cfg, "label")
    monkeypatch.setattr(matching, "tasks_that_learn", lambda kind: ["tags", "topics"])
    with pytest.raises(UsageError) as error:
        require_learned(cfg, "labels")
    assert error.value.message == (
        "task=classification learns one class for each sample, but data=arrays has any number of "
        "classes for each sample"
    )
    assert error.value.fix == "choose task=tags or task=topics, or other data"
    monkeypatch.setattr(matching, "tasks_that_learn", lambda kind: [])
    with pytest.raises(UsageError) as error:
        require_learned(cfg, "labels")
    assert error.value.fix == "choose other data"


def test_a_task_for_few_classes_is_not_for_data_with_more(monkeypatch):
    few = SimpleNamespace(LEARNS=("label",), MOST_CLASSES=2)
    task = options.task
    monkeypatch.setattr(options, "task", lambda name: few if name == "few" else task(name))
    monkeypatch.setattr(registry, "names", lambda group: ["classification", "few"])
    two, three = Label(("a", "b")), Label(("a", "b", "c"))
    assert tasks_that_learn(two) == ["classification", "few"]
    assert tasks_that_learn(three) == ["classification"]
    cfg = SimpleNamespace(task=SimpleNamespace(name="few"), data=SimpleNamespace(name="x"))
    require_learned(cfg, two)
    with pytest.raises(UsageError) as error:
        require_learned(cfg, three)
    assert error.value.message == "task=few learns at most 2 classes, but data=x has 3 classes"
    assert error.value.fix == "choose task=classification, or other data"


def test_tasks_are_found_by_what_they_learn():
    assert "classification" in tasks_that_learn("label")
    assert "classification" not in tasks_that_learn("labels")


@pytest.mark.parametrize(
    "words",
    [
        ["data=diabetes"],
        ["data=arrays", "data.path=missing.npz", "data.target=numbers"],
        ["model=bag", "data=text", "data.path=missing.csv", "data.target=labels"],
    ],
)
def test_a_declared_target_is_refused_before_any_data_are_read(words):
    with pytest.raises(UsageError, match="task=classification learns one class for each sample"):
        train_config(compose("train", ["model=mlp", *words]))


def test_images_may_be_augmented():
    require_matching(train_config(compose("train", ["augment=flip_crop", "tta=flip"])), "image")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model=vit", "model.patch_size=9"], "model.patch_size=9 is more than the 8x8 pixels"),
        (["model=airbench"], "needs images of 25x25 pixels or more, not 8x8"),
        (["model=rnn", "model.steps=patches", "model.patch_size=9"], "model.patch_size=9 is more"),
        (["model=application"], "needs images of 32 pixels a side or more, not 8"),
    ],
)
def test_images_of_the_wrong_size_are_refused_before_keras_is_imported(words, message):
    code = f"""
import sys
from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.training.session import load_data
from fmtool.validate import train_config
try:
    load_data(train_config(compose("train", ["data=digits", *{words!r}])))
except UsageError as error:
    print(error, "keras" in sys.modules)
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert message in said
    assert said.endswith(" False\n")


@pytest.mark.parametrize("name", [n for n in registry.names("model") if smallest_image(n)])
def test_with_its_default_keys_a_model_takes_images_of_the_size_that_is_listed(name):
    side = smallest_image(name)
    cfg = validate.option("model", compose("train", [f"model={name}"])["model"])
    require_fit(cfg, Pixels((side, side, 1)))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model=resnet", "model.depth=21"], "model.depth: no ResNet has 21 layers; fix: give 18"),
        (["model=vit", "model.heads=5"], "model: width=192 is no multiple of heads=5; fix: give"),
    ],
)
def test_keys_of_a_model_that_do_not_go_together_are_refused_with_the_config(words, message):
    with pytest.raises(UsageError) as error:
        train_config(compose("train", words))
    assert str(error.value).startswith(message)


def test_images_of_a_known_size_are_compared_with_the_model_before_they_are_fetched(call):
    outcome = call("train", "model=vit", "model.patch_size=40", "data=cifar100")
    assert outcome.code == 2
    assert outcome.error == (
        "error: model.patch_size=40 is more than the 32x32 pixels of the images; "
        "fix: give 32 or less"
    )


@pytest.fixture
def per_step(monkeypatch):
    """A task that needs a vector for each step of a sample."""
    module = ModuleType("per_step")
    keys = {name: value for name, value in vars(classification).items() if name[0] != "_"}
    vars(module).update(keys, NEEDS="sequence", LEARNS=("numbers",), __file__="per_step.py")
    monkeypatch.setitem(registry._plugins, ("task", "per_step"), module)

    def config(model):
        cfg = train_config(compose("train", [f"model={model}"]))
        return cfg.model_copy(update={"task": cfg.task.model_copy(update={"name": "per_step"})})

    return config


def test_a_model_that_cannot_give_what_the_task_needs_is_refused_with_those_that_can(per_step):
    require_representation(per_step("tcn"), "image")
    with pytest.raises(UsageError) as error:
        require_representation(per_step("cnn"), "text")
    assert str(error.value) == (
        "task=per_step needs a sequence, a vector for each step of a sample, but model=cnn gives "
        "a map or a vector; fix: choose one of the models rnn, tcn, transformer, or another task"
    )


def test_a_model_that_ends_in_logits_is_for_tasks_of_any_classes(per_step, monkeypatch):
    module = ModuleType("earlier")
    build = lambda cfg, image, num_classes: None  # noqa: E731
    vars(module).update(Config=ModelConfig, build=build, __file__="earlier.py")
    monkeypatch.setitem(registry._plugins, ("model", "earlier"), module)
    cfg = train_config(compose("train", ["model=cnn"]))
    theirs = cfg.model.model_copy(update={"name": "earlier"})
    require_representation(cfg.model_copy(update={"model": theirs}), "image")
    with pytest.raises(UsageError, match="but model=earlier gives logits of classes; fix: choose"):
        require_representation(per_step("cnn").model_copy(update={"model": theirs}), "image")
    few = ModuleType("few")
    keys = {name: value for name, value in vars(classification).items() if name[0] != "_"}
    vars(few).update(keys, MOST_CLASSES=2, __file__="few.py")
    monkeypatch.setitem(registry._plugins, ("task", "few"), few)
    of_two = cfg.model_copy(update={"task": cfg.task.model_copy(update={"name": "few"})})
    with pytest.raises(UsageError, match="but model=earlier gives logits of classes"):
        require_representation(of_two.model_copy(update={"model": theirs}), "image")
