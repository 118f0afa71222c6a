"""What a finished training leaves is what it has measured: weights, rows, learning rates."""

import json
from math import cos, pi

import numpy as np
import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.data.splitting import loading

RATE, STEPS, EPOCHS = 0.01, 8, 3
DATA = ("data=digits", "data.limit=300", "data.validation_fraction=0.2")
JOB = (
    *DATA, "model=mlp", "model.units=[16]", "batch_size=30", "eval_batch_size=30",
    f"epochs={EPOCHS}", f"optimizer.learning_rate={RATE}", "optimizer.use_ema=true",
    "optimizer.ema_momentum=0.9", "schedule=cosine", "logging=quiet", "logging.plots=false",
    "logging.every_n_steps=1", "runtime.backend=torch", "runtime.device=cpu",
    "runtime.precision=float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(zygote, tmp_path_factory):
    """The folder of a training with a moving average, in which every step leaves a row."""
    folder = tmp_path_factory.mktemp("ended")
    child = zygote.run(folder, "train", *JOB)
    assert child.code == 0, child.err
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    (log,) = folder.glob("runs/2*/metrics.jsonl")
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture
def evaluated(zygote, folder):
    """A function from a split to the report that `evaluate` prints of it."""

    def evaluate(split):
        child = zygote.run(folder, "evaluate", "run=last", f"split={split}", "--json")
        assert child.code == 0, child.err
        return json.loads(child.out)

    return evaluate


def test_the_saved_model_is_the_average_that_was_validated_on_the_rows_held_out(rows, evaluated):
    """Other weights, or other samples than those of the validation, have another loss."""
    best = min((row for row in rows if "val_loss" in row), key=lambda row: row["val_loss"])
    report = evaluated("validation")
    assert report["samples"] == 60
    assert report["loss"] == pytest.approx(best["val_loss"], rel=1e-6)
    assert report["accuracy"] == pytest.approx(best["val_accuracy"], rel=1e-6)


def test_the_training_split_is_the_rows_that_were_trained_on(evaluated):
    cfg = validate.train_config(compose("train", DATA))
    data = loading.load(cfg.data, seed=cfg.seed)
    counts = np.bincount(data.splits.train.y[data.selection.train], minlength=10)
    report = evaluated("train")
    assert [each["support"] for each in report["per_class"]] == counts.tolist()


def test_a_decay_spans_every_epoch_of_the_run(rows):
    rates = [row["learning_rate"] for row in rows if row["kind"] == "step"]
    done = [step / (STEPS * EPOCHS) for step in range(1, STEPS * EPOCHS + 1)]
    assert rates == pytest.approx([RATE * (1 + cos(pi * part)) / 2 for part in done], abs=1e-8)
