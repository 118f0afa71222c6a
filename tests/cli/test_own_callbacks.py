"""Keras callbacks of the user's own: what they see, what they keep, and what they end."""

import json
import re
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_callback" / "slow_steps.py"
WORDS = ("model=mlp", "model.units=[8]", "logging=quiet", "runtime.precision=float32")
SLOW_STEPS = ("--plugin", str(EXAMPLE), "callbacks.own=[{name: slow_steps, factor: 3.0}]")
TIMES = {"seconds", "samples_per_second"}

OWN = '''
"""Stops training, after an epoch or in the middle of one."""
from typing import Literal
import keras
from fmtool.callbacks.base import CallbackConfig

class Config(CallbackConfig):
    name: Literal["stopper"]

def build(cfg):
    return {made}

class AfterEpoch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = "val_loss" in logs

class AfterBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 6
'''


def train(command, *words):
    outcome = command("train", *WORDS, *words)
    assert outcome.code == 0, outcome.err
    return outcome


def steps_per_dispatch(command):
    config = (command.runs[0] / "config.yaml").read_text()
    return int(re.search(r"steps_per_dispatch: (\d+)", config)[1])


def rows(command):
    lines = (command.runs[0] / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


@pytest.fixture(scope="module")
def example(session_command, tmp_path_factory):
    command = session_command(tmp_path_factory.mktemp("example"))
    return command, train(command, *SLOW_STEPS, "epochs=2")


def test_one_that_looks_at_every_batch_gets_every_batch_and_the_user_a_line(example):
    command, outcome = example
    assert "slow_steps: called at every batch, so one step per dispatch" in outcome.err
    assert steps_per_dispatch(command) == 1
    assert re.search(r"^\d+ of 40 steps were slow$", outcome.err, re.MULTILINE)


def test_it_changes_no_bit_of_the_training(example, fmtool):
    command, _ = example
    train(fmtool, "epochs=2")
    assert steps_per_dispatch(fmtool) > 1
    assert rows(fmtool) == rows(command)


def test_its_counters_go_on_in_a_resumed_run(example):
    command, _ = example
    outcome = command("train", *SLOW_STEPS[:2], "resume=last", "epochs=3")
    assert outcome.code == 0, outcome.err
    assert re.search(r"^\d+ of 60 steps were slow$", outcome.err, re.MULTILINE)


@pytest.mark.parametrize(
    ("made", "epochs", "steps"), [("AfterEpoch()", 1, 20), ("AfterBatch()", 1, 7)]
)
def test_one_that_stops_training_ends_the_run_with_a_checkpoint(fmtool, made, epochs, steps):
    fmtool.write("stopper.py", OWN.format(made=made))
    outcome = train(
        fmtool, "--plugin", "stopper.py", "callbacks.own=[stopper]", "epochs=9", "--json"
    )
    assert (outcome.json["epochs"], outcome.json["steps"]) == (epochs, steps)
    assert (fmtool.runs[0] / "checkpoints" / f"step-{steps}").is_dir()
    assert ("one step per dispatch" in outcome.err) == (made == "AfterBatch()")


def test_what_is_no_callback_is_refused(fmtool):
    fmtool.write("stopper.py", OWN.format(made="3"))
    outcome = fmtool("train", *WORDS, "--plugin", "stopper.py", "callbacks.own=[stopper]")
    assert outcome.code == 2
    assert "callbacks.own: build of stopper gave 3; fix: return a keras" in outcome.err
    assert fmtool.runs == []


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("[slow_steps]", "callbacks.own.0.factor is missing"),
        ("[slow_step]", "callbacks.own: no callback is called 'slow_step'; fix: did you mean"),
        ("[3]", "callbacks.own.0=3 is not accepted; fix: give NAME, or {name: NAME, key: value}"),
        ("slow_steps", "callbacks.own=slow_steps is not accepted; fix: give a list"),
        ("[{name: slow_steps, factor: 0}]", "callbacks.own.0.factor=0 is not accepted"),
        ("[{name: slow_steps, factor: 2.0}, slow_steps]", "'slow_steps' is there twice"),
    ],
)
def test_a_wrong_entry_is_one_line(fmtool, own, message):
    outcome = fmtool("train", *SLOW_STEPS[:2], f"callbacks.own={own}")
    assert outcome.code == 2
    assert message in outcome.error
