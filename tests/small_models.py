"""The architectures in sizes of which a test takes seconds."""

import json
from typing import Any

import numpy as np

from fmtool import options, registry, validate
from fmtool.config.compose import compose
from fmtool.elements import Element
from fmtool.matching import tasks_that_learn
from fmtool.targets import Label

SMALL: dict[str, dict[str, Any]] = {
    "airbench": {"widths": [4, 4]},
    "alexnet": {"filters": [4] * 5, "dense_units": [8], "dropout": 0.5},
    "application": {"family": "MobileNetV3Small", "size": 32},
    "bag": {},
    "cct": {"width": 8, "depth": 2, "heads": 2, "dropout": 0.1},
    "cnn": {"filters": [4], "dropout": 0.1},
    "convmixer": {"width": 8, "depth": 2},
    "densenet": {"layers_per_block": [2, 2], "growth_rate": 4, "dropout": 0.1},
    "inception": {},
    "mlp": {"units": [8]},
    "rnn": {"units": 4},
    "resnet": {"depth": 8, "squeeze_excitation": 4, "stochastic_depth": 0.2},
    "tcn": {"filters": 4, "dilations": [1, 2]},
    "text_cnn": {"filters": 4},
    "transformer": {"width": 8, "depth": 2, "heads": 2},
    "vgg": {"depth": 11, "width": 4, "dense_units": [8]},
    "vit": {"width": 8, "depth": 2, "heads": 2, "stochastic_depth": 0.2},
}
"""Keys of the model by its name."""


def as_words(name: str) -> list[str]:
    """The keys as a shell has them."""
    return [f"model.{key}={json.dumps(value)}" for key, value in SMALL[name].items()]


def data_of_task(name: str) -> list[str]:
    """Words of a small built-in set that a task learns, and a model that reads it."""
    for data, model in (
        ("digits", "cnn"),
        ("breast_cancer", "mlp"),
        ("digit_pairs", "cnn"),
        ("diabetes", "mlp"),
    ):
        if data not in registry.names("data"):
            continue
        info = options.data(data).INFO
        if info is not None and name in tasks_that_learn(info.target):
            return [f"data={data}", f"model={model}"]
    raise AssertionError(f"no data set for task={name}")


def task_of_data(name: str) -> list[str]:
    """The word for the task that a data set trains with, where that is not the default one."""
    info = options.data(name).INFO
    tasks = ["classification"] if info is None else tasks_that_learn(info.target)
    return [] if "classification" in tasks else [f"task={tasks[0]}"]


def classification(classes: int) -> Any:
    """The task of labels `0`, `1`, ... with its default keys."""
    cfg = validate.option("task", compose("train", [])["task"])
    target = Label(tuple(map(str, range(classes))))
    return registry.module("task", cfg.name).build(cfg, target, np.arange(classes, dtype=np.int32))


def classifier(cfg: Any, element: Element, classes: int = 10) -> Any:
    """A Keras model from normalised samples to logits, all of whose layers lie in one graph."""
    import keras

    from fmtool.training.network import architecture

    parts = architecture(cfg, element, classification(classes), needs="vector")
    return keras.Model(parts.backbone.input, parts.head(parts.backbone.output))
