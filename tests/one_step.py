"""A step of training for each line of stdin, on samples of its kind that are made up.

A program, so that everything is imported once; `Stepper` starts it. A line is a JSON list: the
words of a command line, and a name of `ELEMENTS`, or null for what the data set says it holds. For
each line one on stdout: what became of it.
"""

import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fmtool import options, validate
from fmtool.config.compose import compose
from fmtool.data.splitting.selection import selection_of
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Element, Features, Pixels, Tokens
from fmtool.evaluation.measure import load_model
from fmtool.matching import require_matching
from fmtool.targets import Label, Labels, Numbers, Target
from fmtool.training.network import presented
from fmtool.training.session import TaskData, prepare

_SAMPLES = 16
ELEMENTS: dict[str, Element] = {
    "image": Pixels((28, 28, 1)),
    "text": Tokens((7,), 30),
    "row": Features((5,)),
    "series": Features((6, 3)),
}


def element_of(name: str) -> Element:
    """A sample of a data set; none of its files is read."""
    option = options.data(name)
    info = option.INFO
    if option.KIND == "text":
        return ELEMENTS["text"]
    if info is not None and info.columns:
        return Features((len(info.columns),))
    if option.KIND == "features":
        return ELEMENTS["row"]
    is_known = info is not None and info.image_shape is not None
    return Pixels(info.image_shape, info.pixel_max) if is_known else Pixels((9, 8, 3))


def target_of(cfg: Any, *, is_declared: bool) -> Target:
    """That of the data set, or one that the task learns."""
    info, task = options.data(cfg.data.name).INFO, options.task(cfg.task.name)
    if is_declared and info is not None:
        return info.target
    names = ("0", "1", "2")[: task.MOST_CLASSES]
    return {"label": Label(names), "labels": Labels(names), "numbers": Numbers(("0",), (1,))}[
        task.LEARNS[0]
    ]


def targets_of(target: Target, rng: np.random.Generator) -> np.ndarray:
    """Rows of the target for all samples, each class among them."""
    numbers = np.arange(_SAMPLES, dtype=np.int32)
    if isinstance(target, Label):
        return numbers % len(target.names)
    if isinstance(target, Labels):
        return (numbers[:, np.newaxis] % (2 + np.arange(len(target.names))) == 0).astype(np.uint8)
    return rng.normal(size=(_SAMPLES, *target.shape))


def synthetic(cfg: Any, kind: str | None) -> TaskData:
    element = element_of(cfg.data.name) if kind is None else ELEMENTS[kind]
    target = target_of(cfg, is_declared=kind is None)
    rng = np.random.default_rng(0)
    if isinstance(element, Features):
        x = rng.normal(size=(_SAMPLES, *element.shape)).astype(element.dtype)
    else:
        most = element.vocabulary if isinstance(element, Tokens) else element.maximum + 1
        x = rng.integers(0, most, (_SAMPLES, *element.shape)).astype(element.dtype)
    split = Split(x, targets_of(target, rng))
    splits = Splits(cfg.data.name, split, split, target, "0" * 64, element)
    whole = cfg.data.model_copy(update={"limit": None, "validation_fraction": 0.0})
    task = options.task(cfg.task.name).build(cfg.task, splits.target, split.y)
    return TaskData(splits, selection_of(splits, whole, seed=0), task, "one step")


def outcome(words: list[str], kind: str | None) -> dict[str, Any]:
    """Loss and change of a step, and how far a saved model's outputs are from those saved."""
    cfg = validate.train_config(compose("train", words))
    data = synthetic(cfg, kind)
    require_matching(cfg, data.splits.element.kind)
    session = prepare(cfg, data)
    if keras.backend.backend() == "tensorflow":
        # A graph for a single step takes longer to trace than the step.
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)
    before = session.network.get_weights()
    with session.train_feed(start=session.plan.steps - 1) as feed:
        history = session.model.fit(feed, epochs=1, shuffle=False, verbose=0).history
    after = session.network.get_weights()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        saved = presented(session.network, data.task, data.splits.element)
        saved.save(path)
        again = load_model(path)
    x = data.splits.test.x[:4]
    given, loaded = (outputs(model, x) for model in (saved, again))
    return {
        "loss": float(history["loss"][0]),
        "changed": sum(not np.array_equal(*pair) for pair in zip(before, after, strict=True)),
        "shape": list(given.shape),
        "dtype": str(given.dtype),
        "difference": float(np.abs(given - loaded).max()),
    }


def outputs(model: Any, x: Any) -> Any:
    """What a model gives for a batch, as an array."""
    answer = partial(model, training=False)
    if keras.backend.backend() == "jax":
        # One program is compiled sooner than one for each operation.
        import jax

        answer = jax.jit(answer)
    return keras.ops.convert_to_numpy(answer(x))


def main() -> None:
    # What libraries print on stdout is none of the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            answer = outcome(*json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
    # To take down a hundred networks in order takes a minute.
    os._exit(0)


if __name__ == "__main__":
    main()
